import { WindlassError } from './errors.ts';

/** For what needs a provider that no worker has at the moment. A job waits for it; a request is refused. */
export function providerAway(provider: string): WindlassError {
  return new WindlassError('unavailable', `no worker that runs now has the provider ${provider}`, {
    code: 'PROVIDER_AWAY',
    hint: 'start a worker that has it; name a provider package in WINDLASS_PROVIDERS of that worker. Jobs that wait for it then continue',
  });
}
