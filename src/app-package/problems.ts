import { cutText, MAX_DETAIL_CHARACTERS, WindlassError, type ErrorDetail } from '../domain/index.ts';
import type { JsonPosition, TextPosition } from './parse-json.ts';

/** One error or warning about a package. */
export interface PackageProblem {
  /** Path of the file in the package. */
  readonly file: string;
  /** Dotted path inside the file. */
  readonly field?: string;
  /** From 1, where the position in the text is known. */
  readonly line?: number;
  readonly column?: number;
  readonly message: string;
}

export type ProblemPosition = Omit<PackageProblem, 'file' | 'message'>;

/** The position of a dotted path; null if it is not known. */
export type LocateField = (field: string) => TextPosition | null;

/** Collects the problems of one file; errors and warnings of all files end up in the same lists. */
export interface ProblemReport {
  readonly errors: PackageProblem[];
  readonly warnings: PackageProblem[];
  /** Valid settings that have no effect yet; they never make a package worse, not even with `--strict`. */
  readonly notes: PackageProblem[];
  /** How the fields of a file are found in its text, for problems that are reported without a position. */
  locateFields(file: string, locate: LocateField): void;
  error(file: string, position: ProblemPosition, message: string): void;
  warning(file: string, position: ProblemPosition, message: string): void;
  note(file: string, position: ProblemPosition, message: string): void;
}

/** The limit for each kind; users do not read more. */
const MAX_PROBLEMS = 1_000;

export function createProblemReport(): ProblemReport {
  const errors: PackageProblem[] = [];
  const warnings: PackageProblem[] = [];
  const notes: PackageProblem[] = [];
  const locators = new Map<string, LocateField>();
  const toProblem = (file: string, position: ProblemPosition, message: string): PackageProblem => {
    const found =
      position.line === undefined && position.field !== undefined
        ? locators.get(file)?.(position.field)
        : null;
    return { file, ...position, ...found, message };
  };
  // A field that is read twice reports the same fault twice.
  const seen = new Set<string>();
  const addTo = (list: PackageProblem[], file: string, position: ProblemPosition, message: string): void => {
    if (list.length > MAX_PROBLEMS) return;
    if (list.length === MAX_PROBLEMS) {
      list.push({ file, message: `only the first ${MAX_PROBLEMS} are listed` });
      return;
    }
    const problem = toProblem(file, position, message);
    const key = JSON.stringify(problem);
    if (!seen.has(key)) list.push(problem);
    seen.add(key);
  };
  return {
    errors,
    warnings,
    notes,
    locateFields: (file, locate) => void locators.set(file, locate),
    error: (file, position, message) => addTo(errors, file, position, message),
    warning: (file, position, message) => addTo(warnings, file, position, message),
    note: (file, position, message) => addTo(notes, file, position, message),
  };
}

/** A user cannot find a longer name either, and searching it takes long. */
const MAX_LOCATED_CHARACTERS = 1_000;

/** Finds a field among the positions of a text; for a missing field, the nearest one that holds it. */
export function findFieldOffset(root: JsonPosition, field: string): number | null {
  if (field.length > MAX_LOCATED_CHARACTERS) return null;
  const found = findNearest(root, field);
  return found.position === root ? null : found.position.offset;
}

/** `rest` is how much of the path does not exist. */
function findNearest(
  start: JsonPosition,
  path: string,
): { readonly position: JsonPosition; readonly rest: number } {
  let nearest = { position: start, rest: path.length };
  for (let end = path.length; end > 0; end = path.lastIndexOf('.', end - 1)) {
    const position = start.inner.get(path.slice(0, end));
    if (position === undefined) continue;
    if (end === path.length) return { position, rest: 0 };
    const found = findNearest(position, path.slice(end + 1));
    if (found.rest === 0) return found;
    if (found.rest < nearest.rest) nearest = found;
  }
  return nearest;
}

/** One line that a user can act on: `config.json:12:3: env.port: …`. */
export function formatProblem(problem: PackageProblem): string {
  const line = problem.line === undefined ? '' : `:${problem.line}:${problem.column ?? 1}`;
  const field = problem.field === undefined ? '' : `${problem.field}: `;
  return `${problem.file}${line}: ${field}${problem.message}`;
}

/** The error for a package that cannot be used; `details` lists every fault. */
export function createPackageError(errors: readonly PackageProblem[]): WindlassError {
  const details: ErrorDetail[] = errors.map((problem) => ({
    ...(problem.field === undefined ? {} : { field: problem.field }),
    // A message may quote content of the package, of any length.
    message: cutText(formatProblem(problem), MAX_DETAIL_CHARACTERS),
  }));
  const first = details[0]?.message ?? 'the package cannot be read';
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return new WindlassError('invalid-input', `the package is not valid: ${first}${more}`, {
    code: 'APP_INVALID',
    hint: '`windlass app validate PATH` lists every fault with its position',
    details,
  });
}
