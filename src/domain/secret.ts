/**
 * A secret as it travels from client to worker: sealed to a worker key (HPKE, RFC 9180), bound to
 * the place it is meant for, so that a copy of it elsewhere does not open.
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

/** The key that clients seal to now. */
export interface SealingKey {
  readonly keyId: string;
  /** Raw public key, base64. */
  readonly publicKey: string;
}

/** What a sealed runtime credential is bound to. */
export function credentialBinding(runtimeName: string): string {
  return `runtime/${runtimeName}/credential`;
}

/** What a sealed password value of a cluster's conf is bound to. */
export function confBinding(clusterId: string, field: string): string {
  return `cluster/${clusterId}/conf/${field}`;
}

/** What the sealed credential of a registry or repository of charts is bound to. */
export function chartBinding(host: string): string {
  return `chart/${host}/credential`;
}
