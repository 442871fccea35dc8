import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate with its key, in PEM; of 127.0.0.1. */
export interface KeyAndCertificate {
  readonly key: string;
  readonly certificate: string;
}

export function makeKeyAndCertificate(): KeyAndCertificate {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-certificate-'));
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const kind = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
  ];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  try {
    execFileSync('openssl', [...kind, ...subject, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
    return { key: readFileSync(key, 'utf8'), certificate: readFileSync(certificate, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const toBase64 = (text: string): string => Buffer.from(text).toString('base64');

/** The parts of a kubeconfig that tests change. */
export interface KubeconfigParts {
  readonly cluster?: object;
  readonly user?: object;
  readonly context?: object;
  readonly root?: object;
  readonly moreUsers?: readonly object[];
  readonly moreClusters?: readonly object[];
}

export const KUBE_TOKEN = 'planted-token-91';

/** As an object: JSON is YAML. */
export function kubeconfigOf(parts: KubeconfigParts = {}): Readonly<Record<string, unknown>> {
  const { cluster = {}, user = { token: KUBE_TOKEN }, context = {}, root = {} } = parts;
  return {
    apiVersion: 'v1',
    kind: 'Config',
    preferences: {},
    clusters: [
      { name: 'k', cluster: { server: 'https://kube.example:6443', ...cluster } },
      ...(parts.moreClusters ?? []),
    ],
    users: [{ name: 'u', user }, ...(parts.moreUsers ?? [])],
    contexts: [{ name: 'c', context: { cluster: 'k', user: 'u', ...context } }],
    'current-context': 'c',
    ...root,
  };
}
