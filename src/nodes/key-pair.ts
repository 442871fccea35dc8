import ssh2 from 'ssh2';
import { WindlassError } from '../domain/index.ts';

/** An ed25519 key pair in OpenSSH format. */
export interface KeyPair {
  readonly privateKey: string;
  /** One line: `ssh-ed25519 <base64> <comment>`. */
  readonly publicKey: string;
}

/**
 * Generates a key pair that is proved to work: the library's generator drops a leading zero byte, so that
 * about one of its pairs in three hundred cannot be read again.
 *
 * @throws internal `KEY_PAIR` when no pair works, which means that the library is broken.
 */
export function generateKeyPair(comment: string): KeyPair {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519', { comment: comment.replace(/\s+/g, '-') });
    if (signsAndVerifies(pair.private, pair.public)) {
      return { privateKey: pair.private, publicKey: pair.public };
    }
  }
  throw new WindlassError('internal', 'no usable ed25519 key pair could be generated', {
    code: 'KEY_PAIR',
    hint: 'the installed ssh2 library is broken; reinstall the dependencies',
  });
}

function signsAndVerifies(privateKey: string, publicKey: string): boolean {
  const readPrivate = ssh2.utils.parseKey(privateKey);
  const readPublic = ssh2.utils.parseKey(publicKey);
  if (readPrivate instanceof Error || readPublic instanceof Error) return false;
  const signature = readPrivate.sign('windlass');
  return Buffer.isBuffer(signature) && readPublic.verify('windlass', signature) === true;
}
