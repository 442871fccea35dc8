/**
 * One step of the schema. Never changed once released; a later step expands first and contracts
 * only when no open job of an older release can need what goes.
 */
export interface Migration {
  /** Number and words, as the file is named; never changed. */
  readonly name: string;
  readonly statements: readonly string[];
}
