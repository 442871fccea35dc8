import { WindlassError } from '../domain/index.ts';

/** Everything that a provider let out, and what must not be in it. */
export interface Transcript {
  add(what: string, value: unknown): void;
  addError(what: string, error: unknown): void;
  /** Makes a value a secret, and returns it. */
  plant(secret: string): string;
  /** The same for each line of a private key that holds key material. */
  plantKey(privateKey: string): void;
  planted(): readonly string[];
  /** What contains a secret, without the secret; empty if all is well. */
  findLeaks(moreText: string): readonly string[];
}

export function createTranscript(plantedSecrets: readonly string[]): Transcript {
  const entries: { readonly what: string; readonly text: string }[] = [];
  const secrets = new Set(plantedSecrets);
  // They are base64 already.
  const keyLines = new Set<string>();
  return {
    add(what, value) {
      entries.push({ what, text: toText(value) });
    },
    addError(what, error) {
      entries.push({ what: `error of ${what}`, text: describeError(error) });
    },
    plant(secret) {
      secrets.add(secret);
      return secret;
    },
    plantKey(privateKey) {
      // The first two lines of OpenSSH's form hold the cipher's name and the public half.
      const lines = privateKey.split('\n').filter((line) => line !== '' && !line.startsWith('-----'));
      for (const line of lines.slice(2)) {
        if (line.length < 16) continue;
        secrets.add(line);
        keyLines.add(line);
      }
    },
    planted: () => [...secrets],
    findLeaks(moreText) {
      const all = [...entries, { what: 'the log', text: moreText }];
      // Whether any is in any comes first: almost always none is.
      const whole = all.map(({ text }) => text).join('\n');
      const forms = [...secrets].flatMap((secret) => (keyLines.has(secret) ? [secret] : encodingsOf(secret)));
      const found = forms.filter((form) => whole.includes(form));
      const leaks = all.filter(({ text }) => found.some((form) => text.includes(form)));
      return [...new Set(leaks.map(({ what }) => what))];
    },
  };
}

/** A secret unchanged, and in encodings that can be decoded without a key. */
function encodingsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const forms = [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    ...[0, 1, 2].flatMap((shift) => base64Inside(bytes, shift)),
  ];
  return [...new Set(forms)].filter((form) => form.length >= Math.min(secret.length, SHORTEST_FORM));
}

const SHORTEST_FORM = 8;

/** The part of a base64 text that depends on the secret alone, when it begins `shift` bytes into a group of three. */
function base64Inside(bytes: Buffer, shift: number): readonly string[] {
  const whole = Buffer.concat([Buffer.alloc(shift), bytes]);
  const first = shift === 0 ? 0 : 4;
  const length = Math.floor(whole.length / 3) * 4;
  return (['base64', 'base64url'] as const).map((form) => whole.toString(form).slice(first, length));
}

function toText(value: unknown): string {
  // JSON escapes line breaks: a secret of several lines is looked for line by line (plantKey).
  return (
    JSON.stringify(value, (_key, part: unknown) => (part instanceof Error ? describeError(part) : part)) ?? ''
  );
}

function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const info = WindlassError.isInstance(error) ? toText(error.toInfo()) : '';
  const cause = error.cause === undefined ? '' : describeError(error.cause);
  return [
    error.message,
    error.stack ?? '',
    info,
    toText(Object.fromEntries(Object.entries(error))),
    cause,
  ].join('\n');
}
