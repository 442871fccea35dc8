/**
 * One step of the schema. Never changed once released; a later step expands first and contracts only when
 * no open job of an older release can need the removed part.
 */
export interface Migration {
  /** Number and words, the same as the file's name; never changed. */
  readonly name: string;
  readonly statements: readonly string[];
}
