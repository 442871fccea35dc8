import { checkUrl, WindlassError } from '../../../domain/index.ts';
import type { ExecPlugin } from './exec-forms.ts';

/**
 * All that windlass takes from a Kubernetes credential: the server's address, the CA that is trusted, and
 * the user's identity. Nothing in it names a file, a variable, a proxy or a program that the worker would
 * have to use.
 */
export interface KubeAccess {
  readonly server: URL;
  /** PEM of the CA that must have signed the server's certificate; null for the CAs of the machine. */
  readonly certificateAuthority: string | null;
  /** The name that the server's certificate must have, if it is not the host. */
  readonly tlsServerName: string | null;
  readonly namespace: string;
  readonly identity: KubeIdentity;
}

export type KubeIdentity =
  | { readonly kind: 'given'; readonly token: string | null; readonly certificate: ClientCertificate | null }
  | { readonly kind: 'exec'; readonly plugin: ExecPlugin }
  /** The service account of the worker's own pod; its token changes every hour. */
  | { readonly kind: 'pod'; readonly tokenFile: string };

/** Both PEM. */
export interface ClientCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** @throws invalid-input `KUBERNETES_CREDENTIAL` for anything other than a plain https:// address. */
export function readServer(text: string, field: 'url' | 'credential'): URL {
  return checkUrl(text, {
    field,
    what: 'the address of the API server',
    code: 'KUBERNETES_CREDENTIAL',
    schemes: ['https'],
    plainHttpHosts: [],
  });
}

/** The value, if it is allowed in a header; null for anything else. */
export function readToken(text: string): string | null {
  const token = text.trim();
  return /^[\x21-\x7e]{1,16384}$/.test(token) ? token : null;
}

export function wrongCredential(why: string, hint: string): WindlassError {
  return new WindlassError('invalid-input', `the Kubernetes credential cannot be used: ${why}`, {
    code: 'KUBERNETES_CREDENTIAL',
    field: 'credential',
    hint,
  });
}
