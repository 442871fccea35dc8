import { expect } from 'vitest';
import { WindlassError, type Credential } from '../../../../src/domain/index.ts';
import {
  ALLOW_NOTHING,
  readAccess,
  type CredentialPolicy,
} from '../../../../src/providers/kubernetes/api/credential.ts';
import type { KubeAccess } from '../../../../src/providers/kubernetes/api/kube-access.ts';

/** What a worker reads from a credential. */
export function read(
  credential: Credential,
  url = '',
  policy: CredentialPolicy = ALLOW_NOTHING,
): Promise<KubeAccess> {
  return readAccess({ url, credential }, policy);
}

/** The same of a kubeconfig. */
export function readDocument(document: unknown, policy?: CredentialPolicy): Promise<KubeAccess> {
  return read({ document: typeof document === 'string' ? document : JSON.stringify(document) }, '', policy);
}

/** The error of a credential that is refused; it must not hold the word `planted`. */
export async function refusal(opened: Promise<unknown>): Promise<WindlassError> {
  const error: unknown = await opened.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!WindlassError.isInstance(error)) throw new Error(`not refused, but: ${String(error)}`);
  expect(JSON.stringify(error.toInfo()) + String(error.cause)).not.toContain('planted');
  return error;
}
