import { AsyncLocalStorage } from 'node:async_hooks';
import {
  createSecretIndex,
  foldText,
  SHORTEST_SECRET,
  spellSecret,
  type AddedSpellings,
  type Span,
} from '../masking/index.ts';

/** For how long, and how many, unused secrets are remembered. */
export interface Retention {
  /** After the last work that had decrypted it, because an error may still come late. */
  readonly keepMs: number;
  /** All spellings together, in characters; those unused for the longest time are dropped first. */
  readonly keepCharacters: number;
  /** The clock, in milliseconds. */
  readonly now: () => number;
}

export const RETENTION: Retention = { keepMs: 15 * 60_000, keepCharacters: 16_000_000, now: Date.now };

/** The secrets that a process has decrypted, as long as they may still appear somewhere. */
export interface KnownSecrets {
  register(secret: string): void;
  during<T>(work: () => Promise<T>): Promise<T>;
  /** The positions of known secrets in a text; null if they cannot be found out. */
  find(text: string): readonly Span[] | null;
  /** The number of characters of the longest secret. */
  longest(): number;
}

interface Known {
  readonly secret: string;
  /** Null for one that has no spellings: while it is known, no text is safe. */
  readonly added: AddedSpellings | null;
  /** It might be an ordinary word of any message. */
  readonly isWord: boolean;
  users: number;
  unusedSince: number;
}

interface Work {
  readonly opened: Set<Known>;
  isOver: boolean;
}

export function createKnownSecrets(secrets: Iterable<string>, retention: Retention): KnownSecrets {
  const index = createSecretIndex<Known>();
  const known = new Map<string, Known>();
  // In the order in which they were last used.
  const unused = new Map<string, Known>();
  const works = new AsyncLocalStorage<Work>();
  let unusedCharacters = 0;
  let unspeakable = 0;
  let longest = 0;

  function add(secret: string): Known {
    const isWord = secret.length < LONGEST_WORD && /^[\p{L}_-]*$|^.{0,7}$/u.test(secret);
    const one = { secret, isWord, added: null, users: 0, unusedSince: 0 };
    let entry: Known = one;
    try {
      const added: AddedSpellings = index.add(one, spellSecret(secret));
      entry = Object.assign(one, { added });
    } catch {
      unspeakable += 1;
    }
    known.set(secret, entry);
    longest = Math.max(longest, secret.length);
    return entry;
  }

  function register(secret: string): void {
    if (typeof secret !== 'string' || foldText(secret).text.length < SHORTEST_SECRET) return;
    const one = known.get(secret) ?? add(secret);
    const work = works.getStore();
    if (work === undefined || work.isOver) {
      if (one.users === 0) rest(one);
    } else if (!work.opened.has(one)) {
      work.opened.add(one);
      use(one);
    }
    forget();
  }

  function use(one: Known): void {
    one.users += 1;
    if (unused.delete(one.secret)) unusedCharacters -= sizeOf(one);
  }

  function rest(one: Known): void {
    if (!unused.delete(one.secret)) unusedCharacters += sizeOf(one);
    one.unusedSince = retention.now();
    unused.set(one.secret, one);
  }

  function forget(): void {
    const oldest = retention.now() - retention.keepMs;
    for (const one of unused.values()) {
      if (one.unusedSince > oldest && unusedCharacters <= retention.keepCharacters) return;
      unused.delete(one.secret);
      known.delete(one.secret);
      unusedCharacters -= sizeOf(one);
      if (one.added === null) unspeakable -= 1;
      one.added?.remove();
      if (one.secret.length === longest) longest = findLongest(known.keys());
    }
  }

  async function during<T>(work: () => Promise<T>): Promise<T> {
    const current: Work = { opened: new Set(), isOver: false };
    try {
      return await works.run(current, work);
    } finally {
      current.isOver = true;
      for (const one of current.opened) {
        one.users -= 1;
        if (one.users === 0) rest(one);
      }
      forget();
    }
  }

  function find(text: string): readonly Span[] | null {
    forget();
    if (unspeakable > 0) return null;
    const work = works.getStore();
    // A word is removed from the messages of those work items that have it as a secret, and from logs.
    if (work === undefined) return index.find(text);
    return index.find(text, (one) => !one.isWord || work.opened.has(one));
  }

  for (const secret of secrets) {
    register(secret);
    // For the whole life of the process.
    const one = known.get(secret);
    if (one !== undefined) use(one);
  }
  return { register, during, find, longest: () => longest };
}

/** A shorter secret that has only letters might be a word in a message. */
const LONGEST_WORD = 16;

function sizeOf({ added, secret }: Known): number {
  return (added?.characters ?? 0) + secret.length;
}

function findLongest(secrets: Iterable<string>): number {
  let longest = 0;
  for (const secret of secrets) longest = Math.max(longest, secret.length);
  return longest;
}
