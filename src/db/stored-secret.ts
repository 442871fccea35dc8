/** A secret encrypted under the database's own key. */
export interface StoredSecret {
  readonly keyId: string;
  /** AES-256-GCM: nonce, ciphertext and tag. */
  readonly sealed: Uint8Array;
}
