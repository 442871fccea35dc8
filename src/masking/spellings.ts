import { findNamedValues } from './named-values.ts';

/** One way to write a secret. */
export interface Spelling {
  readonly text: string;
  /** How many characters on either side hold a few of its bits too (base64). */
  readonly before: number;
  readonly after: number;
  /** Blanks are allowed anywhere in it, as in a hex dump. */
  readonly spaced: boolean;
}

/** Lines of a secret that are shorter than this are too common. */
const SHORTEST_LINE = 16;
/** If a secret has more lines than this, only the plain spelling of each line is known. */
const MOST_LINES = 2_000;

/**
 * Every way in which programs write a secret: unchanged, as JSON, in URLs, HTML and shell commands, in
 * base64 (at any offset) and in hexadecimal. The same for each longer line of a secret of several lines,
 * and, in a document such as a kubeconfig, for the values whose names say that they are secret. Letters
 * may be compared without their case: spellings that differ only in case are listed once.
 */
export function spellSecret(secret: string): readonly Spelling[] {
  const spellings: Spelling[] = [];
  const seen = new Set<string>();
  const add = (spelling: Spelling): void => {
    const key = spelling.text.toLowerCase();
    if (seen.has(key)) return;
    seen.add(key);
    spellings.push(spelling);
  };
  const parts = splitParts(secret);
  for (const part of parts.length > MOST_LINES ? [secret] : [secret, ...parts]) spellWhole(part, add);
  for (const part of parts) add(plain(part));
  return spellings;
}

function splitParts(secret: string): readonly string[] {
  const values = findNamedValues(secret)
    .map(({ start, end }) => secret.slice(start, end))
    .filter((value) => value.length < secret.length);
  if (!/[\r\n]/.test(secret)) return values;
  const lines = secret
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    // All keys have the same first and last lines.
    .filter((line) => line.length >= SHORTEST_LINE && !line.startsWith('-----'));
  return [...lines, ...values];
}

function spellWhole(secret: string, add: (spelling: Spelling) => void): void {
  const json = toJson(secret);
  const texts = [
    secret,
    secret.toUpperCase(),
    json,
    toJson(json),
    json.replaceAll('/', '\\/'),
    toAscii(json),
    toAscii(json).replace(/[<>&]/g, toEscape),
    json.replace(/[<>&]/g, toEscape),
    secret.replace(/[\\']/g, '\\$&'),
    ...toUrl(secret),
    ...toHtml(secret),
    ...toShell(secret),
  ];
  for (const text of texts) add(plain(text));
  for (const text of new Set([secret, json])) {
    const bytes = new TextEncoder().encode(text);
    add({ ...plain(Buffer.from(bytes).toString('hex')), spaced: true });
    for (const shift of [0, 1, 2]) for (const spelling of toBase64(bytes, shift)) add(spelling);
  }
}

function plain(text: string): Spelling {
  return { text, before: 0, after: 0, spaced: false };
}

function toJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function toEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function toAscii(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, toEscape);
}

function toUrl(secret: string): readonly string[] {
  const wellFormed = secret.toWellFormed();
  const encoded = encodeURIComponent(wellFormed);
  const strict = encoded.replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return [
    encoded,
    strict,
    strict.replaceAll('%20', '+'),
    encoded.replaceAll('%20', '+'),
    encodeURI(wellFormed),
  ];
}

const QUOTES = [
  ['"', "'"],
  ['&quot;', "'"],
  ['&quot;', '&#39;'],
  ['&quot;', '&#x27;'],
  ['&quot;', '&apos;'],
  ['&#34;', '&#39;'],
] as const;

function toHtml(secret: string): readonly string[] {
  const tags = secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return QUOTES.map(([double, single]) => tags.replaceAll('"', double).replaceAll("'", single));
}

function toShell(secret: string): readonly string[] {
  return [
    secret.replaceAll("'", `'\\''`),
    secret.replaceAll("'", `'"'"'`),
    // In double quotes, and without any.
    secret.replace(/[\\"$`]/g, '\\$&'),
    secret.replace(/[\\"$`!]/g, '\\$&'),
    secret.replace(/[^\w@%+=:,./\u0080-\uffff-]/g, '\\$&'),
    // $'…' of bash
    toJson(secret).replaceAll('\\"', '"').replaceAll("'", "\\'"),
  ];
}

/** In the form that it has in a longer text, with `shift` bytes more than a multiple of three before it. */
function toBase64(bytes: Uint8Array, shift: number): readonly Spelling[] {
  const whole = Buffer.concat([new Uint8Array(shift), bytes]);
  // The first characters also depend on the text before, the last one on the text after.
  const start = [0, 2, 3][shift] ?? 0;
  const end = Math.floor((whole.length * 8) / 6);
  const sides = { before: shift === 0 ? 0 : 1, after: whole.length % 3 === 0 ? 0 : 1, spaced: false };
  return (['base64', 'base64url'] as const).map((encoding) => ({
    text: whole.toString(encoding).slice(start, end),
    ...sides,
  }));
}
