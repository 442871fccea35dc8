import { createPrivateKey, X509Certificate } from 'node:crypto';

const BASE64 = /^[A-Za-z0-9+/\s]*(?:==?\s*)?$/;

/** The PEM of base64 as kubeconfigs hold it; null for anything else. */
export function decodePem(text: string): string | null {
  if (!BASE64.test(text) || text.trim() === '') return null;
  return Buffer.from(text, 'base64').toString('utf8');
}

/** One or more PEM certificates and nothing else; null for anything else. Reads no file. */
export function readCertificates(pem: string): string | null {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) return null;
  try {
    for (const block of blocks) void new X509Certificate(block).fingerprint256;
  } catch {
    return null;
  }
  // Text between them, mostly comments, is left out.
  return `${blocks.join('\n')}\n`;
}

/** A private key in PEM without a passphrase; null for anything else. */
export function readPrivateKey(pem: string): string | null {
  const [block] =
    pem.match(/-----BEGIN [A-Z ]*PRIVATE KEY-----[A-Za-z0-9+/=\s]+-----END [A-Z ]*PRIVATE KEY-----/) ?? [];
  if (block === undefined || block.includes('ENCRYPTED')) return null;
  try {
    return createPrivateKey(block).asymmetricKeyType === undefined ? null : `${block}\n`;
  } catch {
    return null;
  }
}
