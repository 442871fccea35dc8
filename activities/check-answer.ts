import { MAX_ANSWER_BYTES, WindlassError } from '../src/domain/index.ts';

/**
 * The result of an activity, if Temporal can carry it.
 *
 * @throws invalid-input `ANSWER_TOO_LARGE`: reported once, because Temporal's worker would try to send the
 * result forever.
 */
export function checkAnswer<T>(answer: T): T {
  const bytes = answerBytes(answer);
  if (bytes <= MAX_ANSWER_BYTES) return answer;
  throw new WindlassError(
    'invalid-input',
    `the answer has ${bytes} bytes, and at most ${MAX_ANSWER_BYTES} can be sent`,
    { code: 'ANSWER_TOO_LARGE', hint: 'ask for less at once, e.g. with a smaller --limit' },
  );
}

export function answerBytes(answer: unknown): number {
  return Buffer.byteLength(JSON.stringify(answer) ?? '');
}
