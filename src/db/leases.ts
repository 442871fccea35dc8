import { WindlassError } from '../domain/index.ts';

/** The error for work under a lease that has expired or that another worker has. */
export function leaseLost(token: string): WindlassError {
  return new WindlassError('conflict', `the lease on ${token} is lost: another worker may be working on it`, {
    code: 'LEASE_LOST',
  });
}
