import { createWorkBudget } from '../bounds/index.ts';
import { MAX_TEMPLATE_COMPARISONS, MAX_TEMPLATE_PATH_CHARACTERS } from '../domain/limits.ts';
import { GoList, GoPair, type ByteString } from './go/index.ts';
import { createPathMatcher } from './match-path.ts';
import { basePath, cleanPath, dirPath } from './paths.ts';

/** The keys that a template sees, each an absolute path, with their values; all are byte strings. */
export class KeyStore {
  private readonly values: ReadonlyMap<ByteString, ByteString>;
  private readonly budget = createWorkBudget(
    MAX_TEMPLATE_COMPARISONS,
    (limit) => `the template searches too many keys: the limit is ${limit} comparisons`,
  );

  constructor(values: ReadonlyMap<ByteString, ByteString>) {
    this.values = values;
  }

  exists(key: ByteString): boolean {
    return this.values.has(key);
  }

  /** @throws Error if the key is absent and no default is given. */
  getValue(key: ByteString, otherwise?: ByteString): ByteString {
    const value = this.values.get(key) ?? otherwise;
    if (value === undefined) throw new Error(`the key ${key} does not exist`);
    return value;
  }

  /** @throws Error if the key is absent. */
  get(key: ByteString): GoPair {
    return new GoPair(key, this.getValue(key));
  }

  /** Every key that matches the pattern, by key. @throws Error for a malformed pattern. */
  getAll(pattern: ByteString): GoList {
    const pairs = this.findKeys(pattern)
      .map(([key, value]) => new GoPair(key, value))
      .sort((a, b) => compareBytes(a.key, b.key));
    return new GoList('pairs', pairs);
  }

  /** The values of the keys that match, sorted. */
  getAllValues(pattern: ByteString): GoList {
    const values = this.findKeys(pattern).map(([, value]) => value);
    return new GoList('string', values.sort(compareBytes));
  }

  private findKeys(pattern: ByteString): (readonly [ByteString, ByteString])[] {
    checkPathLength(pattern);
    const fits = createPathMatcher(pattern, (comparisons) => this.budget.spend(comparisons));
    return [...this.values].filter(([key]) => fits(key));
  }

  /** Names directly below a path; the path's own last element if it is a key itself. */
  list(path: ByteString): GoList {
    checkPathLength(path);
    const prefix = toTerms(path);
    const names = new Set<ByteString>();
    for (const key of this.values.keys()) {
      this.budget.spend(COMPARISONS_PER_CHARACTER * key.length);
      if (key === path) names.add(basePath(key));
      else if (startsWithTerms(toTerms(dirPath(key)), prefix)) {
        names.add(stripPrefix(key, path).split('/')[0] ?? '');
      }
    }
    return new GoList('string', [...names].sort(compareBytes));
  }

  /** Names directly below a path that have keys below them. */
  listDirectories(path: ByteString): GoList {
    checkPathLength(path);
    const prefix = toTerms(path);
    const names = new Set<ByteString>();
    for (const key of this.values.keys()) {
      this.budget.spend(COMPARISONS_PER_CHARACTER * key.length);
      if (!key.startsWith(path)) continue;
      const terms = toTerms(dirPath(key));
      const name = terms[prefix.length];
      if (startsWithTerms(terms, prefix) && name !== undefined) names.add(name);
    }
    return new GoList('string', [...names].sort(compareBytes));
  }
}

/** A key is split, cleaned and compared by its elements. */
const COMPARISONS_PER_CHARACTER = 4;

/** Every key is compared with it. */
function checkPathLength(path: ByteString): void {
  if (path.length <= MAX_TEMPLATE_PATH_CHARACTERS) return;
  throw new Error(`the path is too long; the limit is ${MAX_TEMPLATE_PATH_CHARACTERS} characters`);
}

function compareBytes(a: ByteString, b: ByteString): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function stripPrefix(key: ByteString, prefix: ByteString): ByteString {
  const rest = key.startsWith(prefix) ? key.slice(prefix.length) : key;
  return rest.startsWith('/') ? rest.slice(1) : rest;
}

function toTerms(path: ByteString): readonly ByteString[] {
  return cleanPath(path).split('/');
}

function startsWithTerms(terms: readonly ByteString[], prefix: readonly ByteString[]): boolean {
  return prefix.length <= terms.length && prefix.every((term, index) => term === terms[index]);
}
