import { stringify } from 'yaml';
import { WindlassError } from '../domain/index.ts';

export interface CloudConfigOptions {
  /** Public half of the cluster's key pair, one line in OpenSSH format. */
  readonly authorizedKey: string;
  /** The host key that was generated for the node, in OpenSSH format. */
  readonly hostPrivateKey: string;
  readonly hostPublicKey: string;
  readonly hostname: string;
  /**
   * The user that logs in. `root` if the image's sshd allows it; another user is created if the image
   * lacks it, with unrestricted sudo without a password.
   */
  readonly user: string;
}

const FIRST_LINE = '#cloud-config';

/** EC2 accepts 16 KiB; the least of the clouds that accept a cloud-config. */
const MAX_BYTES = 16 * 1_024;

/**
 * The user-data of a node, as cloud-init reads it on every cloud: the cluster's key may log in, no
 * password may, and sshd shows only the host key that was generated for the node. The same for the same
 * options, so that a repeated request is the same request.
 *
 * Anyone who can read the instance's user-data can read this host key: it is only for the first
 * connection, over which PrepareNode changes it.
 *
 * @throws invalid-input `USER_DATA_INPUT` for a key, host name or user that is not valid there; the
 * message holds no key.
 */
export function makeCloudConfig(options: CloudConfigOptions): string {
  const { user, hostname } = options;
  const authorizedKey = options.authorizedKey.trim();
  if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(user))
    throw invalidInput('user', `${JSON.stringify(user)} is not a valid user`);
  if (!/^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$/.test(hostname)) {
    throw invalidInput('hostname', `${JSON.stringify(hostname)} is not a valid host name`);
  }
  if (!/^\S+ \S+(?: [^\n]*)?$/.test(authorizedKey)) throw invalidInput('authorizedKey', 'it is not one line');
  const keyType = toKeyType(options.hostPublicKey);
  const text = `${FIRST_LINE}\n${stringify(
    {
      hostname,
      preserve_hostname: false,
      ssh_pwauth: false,
      ...toLogin(user, authorizedKey),
      // The image's own host keys would be shown beside ours.
      ssh_deletekeys: true,
      ssh_keys: {
        [`${keyType}_private`]: `${options.hostPrivateKey.trimEnd()}\n`,
        [`${keyType}_public`]: options.hostPublicKey.trim(),
      },
      // Fingerprints on a console that others may read are of no use: we know the key.
      no_ssh_fingerprints: true,
      ssh: { emit_keys_to_console: false },
    },
    { lineWidth: 0 },
  )}`;
  if (Buffer.byteLength(text) > MAX_BYTES) throw invalidInput('hostPrivateKey', 'the user-data is too long');
  return text;
}

function toLogin(user: string, authorizedKey: string): Readonly<Record<string, unknown>> {
  // Keys at the top level are installed for root and for the image's own user.
  if (user === 'root') return { disable_root: false, ssh_authorized_keys: [authorizedKey] };
  return {
    disable_root: true,
    users: [
      {
        name: user,
        gecos: 'windlass',
        shell: '/bin/sh',
        lock_passwd: true,
        sudo: 'ALL=(ALL) NOPASSWD:ALL',
        ssh_authorized_keys: [authorizedKey],
      },
    ],
  };
}

function toKeyType(publicKey: string): 'ed25519' | 'ecdsa' | 'rsa' {
  const [algorithm = ''] = publicKey.trim().split(' ');
  if (algorithm === 'ssh-ed25519') return 'ed25519';
  if (algorithm.startsWith('ecdsa-sha2-')) return 'ecdsa';
  if (algorithm === 'ssh-rsa') return 'rsa';
  throw invalidInput('hostPublicKey', 'it is not an OpenSSH key of a type that cloud-init installs');
}

function invalidInput(field: string, why: string): WindlassError {
  return new WindlassError('invalid-input', `the user-data cannot be created: ${why}`, {
    code: 'USER_DATA_INPUT',
    field,
    hint: 'keys are in OpenSSH format, host names as in DNS, users as Linux names them',
  });
}
