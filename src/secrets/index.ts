export { bindConf } from './bind-conf.ts';
export { type EncryptedSecret, type Keyring, openKeyring } from './keyring.ts';
export { type KeyDescription, listKeys } from './list-keys.ts';
export { type KeyRotation, retireSealingKeys, rotateKeys, type RotatedSecrets } from './rotate-keys.ts';
export { sealSecret } from './seal-secret.ts';
