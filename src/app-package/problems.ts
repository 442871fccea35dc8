import { WindlassError, type ErrorDetail } from '../domain/index.ts';

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

/** Collects what is found about one file; errors and warnings of all files end in the same lists. */
export interface ProblemReport {
  readonly errors: PackageProblem[];
  readonly warnings: PackageProblem[];
  error(file: string, place: ProblemPlace, message: string): void;
  warning(file: string, place: ProblemPlace, message: string): void;
}

export function createProblemReport(): ProblemReport {
  const errors: PackageProblem[] = [];
  const warnings: PackageProblem[] = [];
  return {
    errors,
    warnings,
    error: (file, place, message) => errors.push({ file, ...place, message }),
    warning: (file, place, message) => warnings.push({ file, ...place, message }),
  };
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
