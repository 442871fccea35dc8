import { foldText, isBlank, type FoldedText } from './fold-text.ts';
import type { Span } from './spans.ts';
import type { Spelling } from './spellings.ts';

/** Shorter secrets cannot be searched: they occur in every text. */
export const SHORTEST_SECRET = 4;

/** A spelling that is searched; `owner` is the caller's own identifier for it. */
interface Entry<Owner> {
  readonly owner: Owner;
  /** Folded. */
  readonly text: string;
  /** The positions where blanks were left out; null if there were none. */
  readonly gaps: ReadonlySet<number> | null;
  readonly spelling: Spelling;
  /** The position in it at which the anchor begins. */
  readonly anchorAt: number;
  readonly bucket: Bucket<Owner>;
}

interface Bucket<Owner> {
  readonly key: string;
  readonly entries: Set<Entry<Owner>>;
}

/** The handle that `add` returned, to remove it again. */
export interface AddedSpellings {
  remove(): void;
  /** The number of characters that the index keeps for it. */
  readonly characters: number;
}

export interface SecretIndex<Owner> {
  add(owner: Owner, spellings: readonly Spelling[]): AddedSpellings;
  /**
   * Every position where a spelling occurs. The work is limited by the length of the text, whatever was
   * added: null if the limit was reached, and the result is not known.
   */
  find(text: string, isWanted?: (owner: Owner) => boolean): readonly Span[] | null;
}

const ANCHOR = 8;
/** A power of two. */
const SMALLEST_FILTER = 1_024;
const SLOTS_PER_BUCKET = 4;

/** Comparisons for a text, and for each of its characters. */
const BASE_WORK = 1_000_000;
const WORK_PER_CHARACTER = 4;
/** This many compared characters count as one step. */
const COMPARED_AT_ONCE = 16;
const FIRST_COMPARED = 64;

/**
 * Indexes spellings by a few of their characters, so that a search reads each character of the text once
 * and compares only where these occur. Each spelling uses the part that it shares with the fewest others:
 * keys begin alike.
 */
export function createSecretIndex<Owner>(): SecretIndex<Owner> {
  const buckets = new Map<string, Bucket<Owner>>();
  // How many buckets have a hash: one read of this table dismisses most positions of a text.
  let short = new Uint32Array(SMALLEST_FILTER);
  let long = new Uint32Array(SMALLEST_FILTER);
  const toSlot = (hash: number): number => (hash ^ (hash >>> 15)) & (short.length - 1);

  function addOne(owner: Owner, spelling: Spelling): Entry<Owner> | null {
    const folded = foldText(spelling.text);
    if (folded.text.length < SHORTEST_SECRET) return null;
    const length = folded.text.length < ANCHOR ? SHORTEST_SECRET : ANCHOR;
    const anchorAt = chooseAnchor(folded.text, length);
    const key = folded.text.slice(anchorAt, anchorAt + length);
    const bucket = buckets.get(key) ?? openBucket(key);
    const entry = { owner, text: folded.text, gaps: findGaps(folded), spelling, anchorAt, bucket };
    bucket.entries.add(entry);
    return entry;
  }

  function chooseAnchor(text: string, length: number): number {
    const last = text.length - length;
    let best = 0;
    let fewest = Number.POSITIVE_INFINITY;
    for (const at of [0, last >> 1, last, last >> 2, last - (last >> 2)]) {
      const count = buckets.get(text.slice(at, at + length))?.entries.size ?? 0;
      if (count < fewest) [best, fewest] = [at, count];
    }
    return best;
  }

  function openBucket(key: string): Bucket<Owner> {
    const bucket = { key, entries: new Set<Entry<Owner>>() };
    buckets.set(key, bucket);
    if (buckets.size * SLOTS_PER_BUCKET > short.length) growFilters();
    else count(key, 1);
    return bucket;
  }

  function growFilters(): void {
    short = new Uint32Array(short.length * 8);
    long = new Uint32Array(short.length);
    for (const key of buckets.keys()) count(key, 1);
  }

  function count(key: string, change: number): void {
    const filter = key.length === ANCHOR ? long : short;
    const hash = key.length === ANCHOR ? hashLong(hashShort(key, 0), hashShort(key, 4)) : hashShort(key, 0);
    filter[toSlot(hash)] = (filter[toSlot(hash)] ?? 0) + change;
  }

  function removeOne(entry: Entry<Owner>): void {
    const { bucket } = entry;
    if (!bucket.entries.delete(entry) || bucket.entries.size > 0) return;
    buckets.delete(bucket.key);
    count(bucket.key, -1);
  }

  function find(text: string, isWanted: (owner: Owner) => boolean = () => true): readonly Span[] | null {
    if (buckets.size === 0) return [];
    const folded = foldText(text);
    const hashes = hashEverywhere(folded.text);
    const wraps = findWraps(text, folded);
    const spans: Span[] = [];
    let work = BASE_WORK + WORK_PER_CHARACTER * folded.text.length;

    /** Counts the characters that were compared: most candidates differ early. */
    const standsAt = (spelling: string, start: number): boolean => {
      for (let from = 0, step = FIRST_COMPARED; from < spelling.length; from += step / 4) {
        const part = spelling.slice(from, from + step);
        step *= 4;
        work -= 1 + Math.floor(part.length / COMPARED_AT_ONCE);
        if (work < 0 || !folded.text.startsWith(part, start + from)) return false;
      }
      return true;
    };
    const compare = (at: number, length: number): boolean => {
      const bucket = buckets.get(folded.text.slice(at, at + length));
      if (bucket === undefined) return true;
      for (const entry of bucket.entries) {
        const start = at - entry.anchorAt;
        const same = start >= 0 && standsAt(entry.text, start);
        if (work < 0) return false;
        if (!same || !isWanted(entry.owner)) continue;
        const end = start + entry.text.length;
        if (!isWritten(entry, start, end, wraps)) continue;
        spans.push(toSpan(entry, start, end, text, folded));
      }
      return true;
    };
    for (let at = 0; at < hashes.length; at += 1) {
      const hash = hashes[at] ?? 0;
      if ((short[toSlot(hash)] ?? 0) > 0 && !compare(at, SHORTEST_SECRET)) return null;
      const next = hashes[at + 4];
      if (next === undefined || (long[toSlot(hashLong(hash, next))] ?? 0) === 0) continue;
      if (!compare(at, ANCHOR)) return null;
    }
    return spans;
  }

  return {
    add(owner, spellings) {
      const entries = spellings.map((spelling) => addOne(owner, spelling)).filter((entry) => entry !== null);
      return {
        remove: () => entries.forEach(removeOne),
        characters: entries.reduce((sum, entry) => sum + entry.text.length, 0),
      };
    },
    find,
  };
}

/** The positions in a folded text where blanks were left out. */
function findGaps({ positions }: FoldedText): ReadonlySet<number> | null {
  if (positions === null) return null;
  const gaps = new Set<number>();
  for (let index = 1; index < positions.length; index += 1) {
    if ((positions[index] ?? 0) - (positions[index - 1] ?? 0) > 1) gaps.add(index);
  }
  return gaps;
}

/**
 * For each position of the folded text, how often blanks without a line break were left out before it:
 * these separate words, and the words on both sides are not one secret.
 */
function findWraps(text: string, { positions }: FoldedText): Int32Array | null {
  if (positions === null) return null;
  const parted = new Int32Array(positions.length);
  for (let index = 1; index < positions.length; index += 1) {
    const from = (positions[index - 1] ?? 0) + 1;
    const to = positions[index] ?? 0;
    parted[index] = (parted[index - 1] ?? 0) + (to > from && !hasLineBreak(text, from, to) ? 1 : 0);
  }
  return parted;
}

function hasLineBreak(text: string, from: number, to: number): boolean {
  for (let index = from; index < to; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit === 0x0a || unit === 0x0d) return true;
  }
  return false;
}

/** Blanks are allowed where the spelling has some, and where a line was wrapped. */
function isWritten<Owner>(
  { gaps, spelling }: Entry<Owner>,
  start: number,
  end: number,
  parted: Int32Array | null,
): boolean {
  if (parted === null || spelling.spaced) return true;
  const allowed = gaps ?? NO_GAPS;
  let unexplained = (parted[end - 1] ?? 0) - (parted[start] ?? 0);
  for (const gap of allowed) unexplained -= (parted[start + gap] ?? 0) - (parted[start + gap - 1] ?? 0);
  return unexplained === 0;
}

const NO_GAPS: ReadonlySet<number> = new Set();

/** The position in the original text, with the characters on either side that hold a part of the secret. */
function toSpan<Owner>(
  { spelling: { before, after } }: Entry<Owner>,
  start: number,
  end: number,
  text: string,
  { positions }: FoldedText,
): Span {
  let from = positions === null ? start : (positions[start] ?? 0);
  let to = (positions === null ? end - 1 : (positions[end - 1] ?? 0)) + 1;
  for (let left = before; left > 0 && from > 0 && isOfBase64(text.charCodeAt(from - 1)); left -= 1) from -= 1;
  for (let left = after; left > 0 && isOfBase64(text.charCodeAt(to)); left -= 1) to += 1;
  return { start: from, end: to };
}

/** Also after the end of the text, where there is no character. */
function isOfBase64(unit: number): boolean {
  return !Number.isNaN(unit) && !isBlank(unit) && /[\w+/-]/.test(String.fromCharCode(unit));
}

function hashEverywhere(text: string): Uint32Array {
  const hashes = new Uint32Array(Math.max(0, text.length - SHORTEST_SECRET + 1));
  for (let index = 0; index < hashes.length; index += 1) hashes[index] = hashShort(text, index);
  return hashes;
}

/** Of four characters. */
function hashShort(text: string, at: number): number {
  const high = Math.imul(text.charCodeAt(at), 0x01000193) ^ text.charCodeAt(at + 1);
  const low = Math.imul(text.charCodeAt(at + 2), 0x01000193) ^ text.charCodeAt(at + 3);
  return (Math.imul(high, 0x9e3779b1) ^ Math.imul(low, 0x85ebca6b)) >>> 0;
}

function hashLong(first: number, second: number): number {
  return (Math.imul(first, 0xc2b2ae35) ^ Math.imul(second, 0x27d4eb2f)) >>> 0;
}
