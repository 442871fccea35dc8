import { WindlassError, type ErrorDetail } from '../domain/index.ts';
import type { TextPosition } from './parse-json.ts';

/** One thing that is wrong, or doubtful, in a package. */
export interface PackageProblem {
  /** Path of the file in the package. */
  readonly file: string;
  /** Dotted path inside the file. */
  readonly field?: string;
  /** From 1, where the place in the text is known. */
  readonly line?: number;
  readonly column?: number;
  readonly message: string;
}

export type ProblemPlace = Omit<PackageProblem, 'file' | 'message'>;

/** The place of a dotted path; null where it cannot be told. */
export type LocateField = (field: string) => TextPosition | null;

/** Collects what is found about one file; errors and warnings of all files end in the same lists. */
export interface ProblemReport {
  readonly errors: PackageProblem[];
  readonly warnings: PackageProblem[];
  /** What is sound and not acted on yet; never makes a package worse, not with `--strict` either. */
  readonly notes: PackageProblem[];
  /** How the fields of a file are found in its text, for problems that are reported without a place. */
  locateFields(file: string, locate: LocateField): void;
  error(file: string, place: ProblemPlace, message: string): void;
  warning(file: string, place: ProblemPlace, message: string): void;
  note(file: string, place: ProblemPlace, message: string): void;
}

export function createProblemReport(): ProblemReport {
  const errors: PackageProblem[] = [];
  const warnings: PackageProblem[] = [];
  const notes: PackageProblem[] = [];
  const locators = new Map<string, LocateField>();
  const toProblem = (file: string, place: ProblemPlace, message: string): PackageProblem => {
    const found =
      place.line === undefined && place.field !== undefined ? locators.get(file)?.(place.field) : null;
    return { file, ...place, ...found, message };
  };
  // A field that is read twice has the same fault twice.
  const seen = new Set<string>();
  const addTo = (list: PackageProblem[], problem: PackageProblem): void => {
    const key = JSON.stringify(problem);
    if (!seen.has(key)) list.push(problem);
    seen.add(key);
  };
  return {
    errors,
    warnings,
    notes,
    locateFields: (file, locate) => void locators.set(file, locate),
    error: (file, place, message) => addTo(errors, toProblem(file, place, message)),
    warning: (file, place, message) => addTo(warnings, toProblem(file, place, message)),
    note: (file, place, message) => addTo(notes, toProblem(file, place, message)),
  };
}

/**
 * Finds a field by the offsets of a text's fields; of what is not there, the nearest that holds it.
 */
export function findFieldOffset(offsets: ReadonlyMap<string, number>, field: string): number | null {
  for (let end = field.length; end > 0; end = field.lastIndexOf('.', end - 1)) {
    const offset = offsets.get(field.slice(0, end));
    if (offset !== undefined) return offset;
  }
  return null;
}

/** One line that a person can act on: `config.json:12:3: env.port: …`. */
export function formatProblem(problem: PackageProblem): string {
  const line = problem.line === undefined ? '' : `:${problem.line}:${problem.column ?? 1}`;
  const field = problem.field === undefined ? '' : `${problem.field}: `;
  return `${problem.file}${line}: ${field}${problem.message}`;
}

/** The error for a package that cannot be used; every fault stands in `details`. */
export function createPackageError(errors: readonly PackageProblem[]): WindlassError {
  const details: ErrorDetail[] = errors.map((problem) => ({
    ...(problem.field === undefined ? {} : { field: problem.field }),
    message: formatProblem(problem),
  }));
  const first = details[0]?.message ?? 'the package cannot be read';
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return new WindlassError('invalid-input', `the package is not valid: ${first}${more}`, {
    code: 'APP_INVALID',
    hint: '`windlass app validate PATH` lists every fault with its place',
    details,
  });
}
