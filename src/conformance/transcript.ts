import { WindlassError } from '../domain/index.ts';

/** Everything that a provider let out, and what must not be in it. */
export interface Transcript {
  add(what: string, value: unknown): void;
  addError(what: string, error: unknown): void;
  /** Makes a value a secret, and returns it. */
  plant(secret: string): string;
  /** Likewise each line of a private key that holds key material. */
  plantKey(privateKey: string): void;
  planted(): readonly string[];
  /** What contains a secret, without the secret; empty if all is well. */
  findLeaks(moreText: string): readonly string[];
}

export function createTranscript(plantedSecrets: readonly string[]): Transcript {
  const entries: { readonly what: string; readonly text: string }[] = [];
  const secrets = new Set(plantedSecrets);
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
      for (const line of lines.slice(2)) if (line.length >= 16) secrets.add(line);
    },
    planted: () => [...secrets],
    findLeaks(moreText) {
      const all = [...entries, { what: 'the log', text: moreText }];
      const leaks = all.filter(({ text }) => [...secrets].some((secret) => text.includes(secret)));
      return [...new Set(leaks.map(({ what }) => what))];
    },
  };
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
