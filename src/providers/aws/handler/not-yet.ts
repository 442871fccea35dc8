import { WindlassError } from '../../../domain/index.ts';

/** An error for a temporary state, such as an instance that is still stopping. */
export function notYet(message: string, retryAfterMs = 2_000): WindlassError {
  return new WindlassError('unavailable', message, { code: 'AWS_NOT_YET', retryAfterMs });
}
