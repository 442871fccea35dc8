import type { JobAction } from './actions.ts';
import type { Conf } from './app.ts';
import type { Runtime } from './runtime.ts';

/**
 * A secret as it travels from client to worker: sealed to a worker key (HPKE, RFC 9180), bound to
 * the request that it is part of, so that a copy of it in any other request does not open.
 */
export interface SealedSecret {
  /** Which of the workers' keys it was sealed to. */
  readonly keyId: string;
  /** HPKE encapsulated key, base64. */
  readonly enc: string;
  /** base64 */
  readonly ciphertext: string;
}

/** What stands in a conf where a password was. */
export interface SealedValue {
  readonly $sealed: SealedSecret;
}

/** Whether a value is an envelope, or claims to be one. */
export function isSealedValue(value: unknown): value is SealedValue {
  return typeof value === 'object' && value !== null && '$sealed' in value;
}

/** The key that clients seal to now. */
export interface SealingKey {
  readonly keyId: string;
  /** Raw public key, base64. */
  readonly publicKey: string;
}

/**
 * All that a secret is bound to, as plain JSON. It opens where each of these values is the same, and
 * nowhere else; `secret` says which kind of secret it is.
 */
export interface SecretBinding {
  readonly secret: string;
  readonly [name: string]: unknown;
}

/** What a credential of a runtime is sent for. */
export type CredentialUse = 'create' | 'update' | 'validate' | 'zones';

/**
 * What the sealed credential of a runtime is bound to: what it is sent for, and all of the runtime
 * as it shall be then, so that nothing which decides where or how it is used can be forgotten.
 */
export function credentialBinding(
  use: CredentialUse,
  runtime: Omit<Runtime, 'account' | 'region' | 'createdAt'>,
): SecretBinding {
  const { runtimeId, name, provider, url, zone, settings } = runtime;
  return { secret: 'credential of a runtime', use, runtimeId, name, provider, url, zone, settings };
}

/** The request that carries a conf, as what is sealed in it is bound to it. */
export interface ConfRequest {
  readonly action: JobAction;
  readonly clusterId: string;
  readonly jobId: string;
  /** The version that receives the conf: it is derived from the digest of the package. */
  readonly versionId: string;
  /** Of a new cluster; one that exists keeps its own. */
  readonly runtimeId?: string;
  /** As the user named a new cluster. */
  readonly name?: string;
  /** With its envelopes, or with `{ $sealed: … }` of whatever in their places. */
  readonly conf: Conf;
}

/** What the stored credential of a runtime is bound to: all of its row that says where it is sent. */
export function storedCredentialBinding({ createdAt: _createdAt, ...runtime }: Runtime): SecretBinding {
  return { secret: 'credential of a runtime', stored: runtime };
}

/** What a stored secret of a cluster is bound to. */
export function storedSecretBinding(clusterId: string, name: string): SecretBinding {
  return { secret: 'secret of a cluster', clusterId, name };
}
