import type { ProxiedRequest } from './rules.ts';
import type { Answer } from './upstream.ts';

/** How far an answer may lie back, in answers to the same request. */
const KEPT = 5;
const LARGEST_BYTES = 4 * 1_024 * 1_024;

/** What was answered before, request by request. */
export interface OldAnswers {
  keep(request: ProxiedRequest, answer: Answer): void;
  /** The oldest that is kept; undefined where the very same was never asked. */
  find(request: ProxiedRequest): Answer | undefined;
  clear(): void;
}

/** Only what succeeded is kept: a cache would not hand out an old refusal. */
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
