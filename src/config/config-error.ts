import { type ErrorDetail, WindlassError } from '../domain/index.ts';

/**
 * The error of a wrong environment.
 * @param faults by variable; at least one
 */
export function toConfigError(faults: readonly ErrorDetail[]): WindlassError {
  const first = faults[0];
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  return new WindlassError(
    'invalid-input',
    `${first?.field ?? 'the environment'} ${first?.message ?? 'is wrong'}${more}`,
    {
      code: 'CONFIG_INVALID',
      hint: 'correct or unset the environment variable, then start again',
      details: faults,
      ...(first?.field === undefined ? {} : { field: first.field }),
    },
  );
}
