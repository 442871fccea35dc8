import type { JobAction } from './actions.ts';
import type { Conf } from './app.ts';
import type { Runtime } from './runtime.ts';

/**
 * A secret on its way from client to worker: sealed to a worker key (HPKE, RFC 9180), bound to the request
 * that it is part of, so that it cannot be opened in any other request.
 */
export interface SealedSecret {
  /** The id of the worker key that it was sealed to. */
  readonly keyId: string;
  /** HPKE encapsulated key, base64. */
  readonly enc: string;
  /** base64 */
  readonly ciphertext: string;
}

/** Replaces a password in a conf. */
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
 * Everything that a secret is bound to, as plain JSON. It can be opened only where each of these values is
 * the same; `secret` says which kind of secret it is.
 */
export interface SecretBinding {
  readonly secret: string;
  readonly [name: string]: unknown;
}

/** The purpose for which a credential of a runtime is sent. */
export type CredentialUse = 'create' | 'update' | 'validate' | 'zones';

/**
 * What the sealed credential of a runtime is bound to: its purpose, and all of the desired runtime, so
 * that nothing which decides where or how it is used can be left out.
 */
export function credentialBinding(
  use: CredentialUse,
  runtime: Omit<Runtime, 'account' | 'region' | 'createdAt'>,
): SecretBinding {
  const { runtimeId, name, provider, url, zone, settings } = runtime;
  return { secret: 'credential of a runtime', use, runtimeId, name, provider, url, zone, settings };
}

/** The request that carries a conf, in the form that its sealed values are bound to. */
export interface ConfRequest {
  readonly action: JobAction;
  readonly clusterId: string;
  readonly jobId: string;
  /** The version that receives the conf: it is derived from the digest of the package. */
  readonly versionId: string;
  /** For a new cluster; an existing one keeps its own. */
  readonly runtimeId?: string;
  /** The user's name for a new cluster. */
  readonly name?: string;
  /** With its envelopes, or with `{ $sealed: … }` of any value in their places. */
  readonly conf: Conf;
}

/**
 * What the stored credential of a runtime is bound to: all fields of its row that decide where it is sent.
 */
export function storedCredentialBinding({ createdAt: _createdAt, ...runtime }: Runtime): SecretBinding {
  return { secret: 'credential of a runtime', stored: runtime };
}

/** What a stored secret of a cluster is bound to. */
export function storedSecretBinding(clusterId: string, name: string): SecretBinding {
  return { secret: 'secret of a cluster', clusterId, name };
}
