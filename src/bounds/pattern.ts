import { RE2JS, RE2JSException } from 're2js';
import { MAX_PATTERN_CHARACTERS, MAX_PATTERN_INSTRUCTIONS, MAX_PATTERN_WORK } from '../domain/limits.ts';
import { estimateInstructions } from './estimate-instructions.ts';
import { createWorkBudget, type WorkBudget } from './work-budget.ts';

/** A user's pattern, compiled. */
export interface Pattern {
  /**
   * Whether the pattern is found anywhere in the text; `^` and `$` anchor it. Takes time in proportion to
   * both, whatever they are.
   *
   * @throws OverLimitError if that would exceed the budget.
   */
  isFoundIn(text: string, budget?: WorkBudget): boolean;
}

/** A pattern that cannot be used. */
export class PatternError extends Error {
  /** It is valid in JavaScript, but needs lookaround or a backreference, which have no linear time. */
  readonly needsBacktracking: boolean;

  constructor(message: string, needsBacktracking = false) {
    super(message);
    this.needsBacktracking = needsBacktracking;
  }
}

/** What all patterns of one form, schema or template may cost together. */
export function createPatternBudget(): WorkBudget {
  return createWorkBudget(
    MAX_PATTERN_WORK,
    (limit) => `its patterns take too long: the limit is ${limit} steps for all of them together`,
  );
}

/** Compiling an instruction takes as long as this many steps of a match. */
const STEPS_PER_INSTRUCTION = 100;

/**
 * Compiles a pattern in the syntax of RE2, which is also that of Go and thus of helm; JavaScript's other
 * spellings of the same things (`\u0041`, `(?<name>…)`) are accepted too. No flags.
 *
 * @throws PatternError if it does not compile or is over a limit; OverLimitError as the budget says.
 */
export function compilePattern(source: string, budget = createPatternBudget()): Pattern {
  if (source.length > MAX_PATTERN_CHARACTERS) {
    throw new PatternError(`has ${source.length} characters; the limit is ${MAX_PATTERN_CHARACTERS}`);
  }
  // Before it is compiled: some thousand characters can ask for a million instructions.
  if (estimateInstructions(source) > MAX_PATTERN_INSTRUCTIONS) throw tooLarge();
  const compiled = compile(source);
  const instructions = compiled.programSize();
  if (instructions > MAX_PATTERN_INSTRUCTIONS) throw tooLarge();
  budget.spend(instructions * STEPS_PER_INSTRUCTION);
  return {
    isFoundIn(text, own = budget) {
      own.spend(instructions * (text.length + 1));
      // Not `test`: it builds automata, whose worst cases cost a multiple.
      return compiled.matcher(text).find();
    },
  };
}

/** Read as a plain `k<` by the translation below. */
const NAMED_BACKREFERENCE = /(?<!\\)(?:\\\\)*\\k</;

function compile(source: string): RE2JS {
  if (NAMED_BACKREFERENCE.test(source)) throw needsBacktracking();
  try {
    return RE2JS.compile(RE2JS.translateRegExp(source));
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    if (isSoundInJavaScript(source)) throw needsBacktracking();
    throw new PatternError(`does not compile: ${error.message.replace(/^error parsing regexp: /, '')}`);
  }
}

function needsBacktracking(): PatternError {
  return new PatternError(
    'needs lookaround, a backreference or another feature that RE2 (the syntax of patterns) does not have',
    true,
  );
}

/** Parses only: nothing is matched. */
function isSoundInJavaScript(source: string): boolean {
  try {
    return new RegExp(source) instanceof RegExp;
  } catch {
    return false;
  }
}

function tooLarge(): PatternError {
  return new PatternError(
    `repeats too much: the limit is ${MAX_PATTERN_INSTRUCTIONS} instructions, a counted repetition as often as it counts`,
  );
}
