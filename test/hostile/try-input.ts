import { WindlassError, type ErrorKind } from '../../src/domain/index.ts';
import type { HostileInput } from './input.ts';
import type { OpenTarget } from './open-target.ts';

/** Errors that a user can act on; all others are a defect, or look like one. */
const REFUSALS: ReadonlySet<ErrorKind> = new Set([
  'invalid-input',
  'not-found',
  'conflict',
  'quota',
  'capacity',
  'permission',
]);
/** No server answers there, and none was asked for: the address was sound. */
const NO_ANSWER = /^(KUBERNETES|AWS|CHART|HELM)_/;
const INPUT_LIMIT_MS = 60_000;

/** How an input ended; a problem says what is wrong with that. */
export interface Verdict {
  readonly name: string;
  readonly end: string;
  readonly tookMs: number;
  readonly problems: readonly string[];
  /** The answer as a user sees it, to be searched. */
  readonly answer: string;
  /** As its input says. */
  readonly mayBeQuoted: boolean;
}

/** Sends an input, then asks as another user. Never throws. */
export async function tryInput(input: HostileInput, { target, other }: OpenTarget): Promise<Verdict> {
  const problems: string[] = [];
  const begun = performance.now();
  let end: string;
  let answer = '';
  try {
    answer = JSON.stringify((await input.send(target)) ?? null);
    end = 'taken';
    if (input.outcome === 'refused') problems.push(`it was taken: ${answer.slice(0, 200)}`);
  } catch (error) {
    ({ end, answer } = describe(error, problems));
  }
  const tookMs = performance.now() - begun;
  if (tookMs > INPUT_LIMIT_MS) problems.push(`it took ${Math.round(tookMs)} ms`);
  await other.ask().catch((error: unknown) => problems.push(`another user: ${String(error)}`));
  return { name: input.name, end, tookMs, problems, answer, mayBeQuoted: input.mayBeQuoted === true };
}

function describe(error: unknown, problems: string[]): { end: string; answer: string } {
  if (!WindlassError.isInstance(error)) {
    problems.push(`not an error of ours: ${String(error).slice(0, 500)}`);
    return { end: 'thrown', answer: String(error) };
  }
  const answer = JSON.stringify(error.toInfo());
  const silent = error.kind === 'unavailable' && NO_ANSWER.test(error.code);
  if (!REFUSALS.has(error.kind) && !silent) {
    problems.push(`${error.kind} ${error.code}: ${error.message.slice(0, 300)}`);
  }
  if (answer.length > 100_000) problems.push(`an answer of ${answer.length} characters`);
  return { end: `${error.kind} ${error.code}`, answer };
}
