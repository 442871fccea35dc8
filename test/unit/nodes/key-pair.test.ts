import ssh2 from 'ssh2';
import { expect, it } from 'vitest';
import { generateKeyPair } from '../../../src/nodes/index.ts';

it('makes key pairs that all work: the library’s own generator fails one time in three hundred', () => {
  for (let round = 0; round < 1_500; round += 1) {
    const { privateKey, publicKey } = generateKeyPair('cluster cl-1');
    const readPrivate = ssh2.utils.parseKey(privateKey);
    const readPublic = ssh2.utils.parseKey(publicKey);
    if (readPrivate instanceof Error || readPublic instanceof Error) throw new Error('unreadable pair');
    expect(readPublic.getPublicSSH().equals(readPrivate.getPublicSSH())).toBe(true);
  }
});

it('keeps the comment within the one line of a public key', () => {
  expect(generateKeyPair('a b\nc').publicKey).toMatch(/^ssh-ed25519 [A-Za-z0-9+/=]{68} a-b-c$/);
});
