import { WindlassError } from './errors.ts';
import { MAX_APP_NAME_CHARACTERS, MAX_NAME_CHARACTERS, MAX_REQUEST_ID_CHARACTERS } from './limits.ts';

// Names that users choose appear in tables, commands and Temporal's Web UI, and must be distinguishable
// from ids.

const RULES = {
  cluster: { code: 'CLUSTER_NAME', article: 'a cluster' },
  runtime: { code: 'RUNTIME_NAME', article: 'a runtime' },
} as const;

const ALLOWED = /^[a-zA-Z0-9][a-zA-Z0-9._-]*$/;

/**
 * Everything that could be an id: commands accept names and ids in the same argument. All that begins with
 * `cl-` counts as a cluster's; of the others, what has exactly their form.
 */
const IDS = /^(cl-.*|(j|rt)-[0-9a-z]{10}|cln-[0-9a-f]{12}|appv-[0-9a-f]{16})$/;

/** Room for a number after a generated name, e.g. `antietcd-2`. */
const SUFFIX_CHARACTERS = 6;

/**
 * @param field the dotted path of the input that holds the name
 * @throws invalid-input `CLUSTER_NAME`, `RUNTIME_NAME`
 */
export function checkName(what: keyof typeof RULES, name: string, field = 'name'): void {
  const { code, article } = RULES[what];
  const isId = IDS.test(name);
  if (name.length <= MAX_NAME_CHARACTERS && ALLOWED.test(name) && !isId) return;
  const why = isId ? ': that is the form of an id' : '';
  throw new WindlassError('invalid-input', `${article} cannot be named ${quoteShort(name)}${why}`, {
    code,
    field,
    hint: isId
      ? 'choose a name that does not look like an id'
      : `letters, digits, \`.\`, \`_\` and \`-\`, at most ${MAX_NAME_CHARACTERS}, beginning with a letter or digit`,
  });
}

/** A name for a cluster without a given one, derived from its app's name. */
export function toClusterName(text: string): string {
  const name = text
    .replaceAll(/[^a-zA-Z0-9._-]+/g, '-')
    .replace(/^[^a-zA-Z0-9]+/, '')
    .slice(0, MAX_NAME_CHARACTERS - SUFFIX_CHARACTERS)
    .replace(/(?<![^a-zA-Z0-9])[^a-zA-Z0-9]+$/, '');
  if (name === '') return 'cluster';
  return IDS.test(name) ? `cluster-${name}`.slice(0, MAX_NAME_CHARACTERS - SUFFIX_CHARACTERS) : name;
}

/** The name itself if it is free, otherwise with the smallest free number after it. */
export function chooseFreeName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  let number = 2;
  while (taken.has(`${name}-${number}`)) number += 1;
  return `${name}-${number}`;
}

/**
 * An app's name is its author's, and looser; it is a line of a table and a key all the same.
 *
 * @throws invalid-input `APP_NAME`
 */
export function checkAppName(name: string): void {
  if (name.length <= MAX_APP_NAME_CHARACTERS && !UNPRINTABLE.test(name) && name.trim() !== '') return;
  throw new WindlassError('invalid-input', `a package cannot be named ${quoteShort(name)}`, {
    code: 'APP_NAME',
    field: 'name',
    hint: `no control characters or line breaks, at most ${MAX_APP_NAME_CHARACTERS} characters; it is the name in package.json or Chart.yaml`,
  });
}

/** @throws invalid-input `REQUEST_ID` */
export function checkRequestId(requestId: string): void {
  const { length } = requestId;
  if (length > 0 && length <= MAX_REQUEST_ID_CHARACTERS && !UNPRINTABLE.test(requestId)) return;
  throw new WindlassError('invalid-input', `${quoteShort(requestId)} cannot be a request id`, {
    code: 'REQUEST_ID',
    field: 'requestId',
    hint: `1 to ${MAX_REQUEST_ID_CHARACTERS} characters without line breaks, another for each request`,
  });
}

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
const SHOWN_CHARACTERS = 80;

function quoteShort(text: string): string {
  const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  return `${JSON.stringify(shown)}${shown === text ? '' : ` (${text.length} characters)`}`;
}
