import type { ProxiedRequest } from './rules.ts';
import type { Answer } from './upstream.ts';

/** The maximum age of an old answer, counted in answers to the same request. */
const KEPT = 5;
const LARGEST_BYTES = 4 * 1_024 * 1_024;

/** Earlier answers, by request. */
export interface OldAnswers {
  keep(request: ProxiedRequest, answer: Answer): void;
  /** The oldest one that is kept; undefined if this request was never made before. */
  find(request: ProxiedRequest): Answer | undefined;
  clear(): void;
}

/** Only successful answers are kept: a cache would not return an old refusal. */
export function createOldAnswers(): OldAnswers {
  const answers = new Map<string, Answer[]>();
  return {
    keep(request, answer) {
      if (answer.status >= 400 || answer.body.length > LARGEST_BYTES) return;
      const key = toKey(request);
      answers.set(key, [...(answers.get(key) ?? []), answer].slice(-KEPT));
    },
    find: (request) => answers.get(toKey(request))?.[0],
    clear: () => answers.clear(),
  };
}

function toKey({ method, url, body }: ProxiedRequest): string {
  return `${method} ${url} ${body.toString('latin1')}`;
}
