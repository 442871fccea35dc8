import type { Stores } from '../../src/db/index.ts';
import { providerAway, WindlassError } from '../../src/domain/index.ts';

/**
 * The error for a client if this worker lacks the provider that its request needs: either another worker
 * has it (`PROVIDER_ELSEWHERE`), or none has it (`PROVIDER_AWAY`). A provider that the client itself
 * named, and that no worker has, stays unknown; all other errors are unchanged.
 */
export async function findOtherWorker(
  { workers }: Pick<Stores, 'workers'>,
  error: unknown,
  input: unknown,
): Promise<unknown> {
  if (!WindlassError.isInstance(error) || error.code !== 'PROVIDER_UNKNOWN') return error;
  const [missing] = error.details ?? [];
  if (missing === undefined) return error;
  const { message: provider } = missing;
  if (Object.hasOwn(await workers.listProviders(), provider)) {
    return new WindlassError('unavailable', `another worker has the provider ${provider}`, {
      code: 'PROVIDER_ELSEWHERE',
      hint: 'clients of this release ask that worker automatically; update this one',
      details: [missing],
    });
  }
  return isNamedIn(input, provider) ? error : providerAway(provider);
}

function isNamedIn(input: unknown, provider: string): boolean {
  if (typeof input !== 'object' || input === null) return false;
  if ('provider' in input) return input.provider === provider;
  return 'input' in input && isNamedIn(input.input, provider);
}
