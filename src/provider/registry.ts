import { WindlassError } from '../domain/errors.ts';
import { checkTaskNames, requireKnownTasks } from './provider-tasks.ts';
import { PROVIDER_CONTRACT_VERSION, type Provider } from './provider.ts';
import { refuseWhenCancelled } from './refuse-when-cancelled.ts';

/** The providers of one worker, by name. */
export interface ProviderRegistry {
  register(provider: Provider): void;
  /** @throws not-found `PROVIDER_UNKNOWN`, naming those that are registered. */
  get(name: string): Provider;
  list(): readonly Provider[];
}

export function createProviderRegistry(providers: readonly Provider[] = []): ProviderRegistry {
  const byName = new Map<string, Provider>();
  const registry: ProviderRegistry = {
    register(provider) {
      if (provider.contractVersion !== PROVIDER_CONTRACT_VERSION) {
        throw new WindlassError(
          'invalid-input',
          `provider ${provider.name} implements contract version ${provider.contractVersion}, this worker needs ${PROVIDER_CONTRACT_VERSION}`,
          {
            code: 'PROVIDER_CONTRACT_VERSION',
            hint: 'install a release of the provider made for this version of windlass',
          },
        );
      }
      if (!/^[a-z][a-z0-9-]*$/.test(provider.name)) {
        throw new WindlassError(
          'invalid-input',
          `${JSON.stringify(provider.name)} is not a valid name of a provider`,
          {
            code: 'PROVIDER_NAME',
            hint: 'lower case letters, digits and -',
          },
        );
      }
      if (byName.has(provider.name)) {
        throw new WindlassError('conflict', `two providers are named ${provider.name}`, {
          code: 'PROVIDER_TWICE',
          hint: 'name each provider package once in the worker’s configuration',
        });
      }
      checkTaskNames(provider);
      byName.set(provider.name, {
        ...refuseWhenCancelled(provider),
        splitJobIntoTasks: (request) => requireKnownTasks(provider.splitJobIntoTasks(request), provider),
      });
    },
    get(name) {
      const provider = byName.get(name);
      if (provider === undefined) {
        throw new WindlassError('not-found', `no provider is named ${JSON.stringify(name)}`, {
          code: 'PROVIDER_UNKNOWN',
          hint: `this worker has: ${[...byName.keys()].sort().join(', ')}; name the package of another one in WINDLASS_PROVIDERS of every worker that needs it`,
          field: 'provider',
          details: [{ field: 'provider', message: name }],
        });
      }
      return provider;
    },
    list: () => [...byName.values()],
  };
  for (const provider of providers) registry.register(provider);
  return registry;
}
