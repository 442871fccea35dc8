import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createNodeShell, type NodeShell } from '../nodes/index.ts';
import { WindlassError } from '../domain/index.ts';
import { createProviderRegistry, type Provider, type ProviderRegistry } from '../provider/index.ts';
import { createAwsProvider } from '../providers/aws/index.ts';
import {
  createChartPuller,
  createKubernetesProvider,
  EXEC_COMMANDS,
  type PullChart,
  sweepWorkFolders,
} from '../providers/kubernetes/index.ts';
import { createLocalProvider } from '../providers/local/index.ts';
import { findHelm, type Helm } from '../tools/index.ts';
import { toConfigError, type Config } from '../config/index.ts';

/** The argument of a provider package's default export, if that is a function. */
export interface ProviderDependencies {
  readonly nodes: NodeShell;
}

/** A worker's providers, and the tools that they share with it. */
export interface LoadedProviders {
  readonly registry: ProviderRegistry;
  readonly nodes: NodeShell;
  readonly findHelm: () => Promise<Helm>;
  readonly pullChart: PullChart;
}

/**
 * The provider registry of one worker: the providers of this repository, then those of the packages that
 * its configuration names.
 *
 * @throws invalid-input `PROVIDER_PACKAGE` for a package that cannot be loaded or exports no provider;
 * `CONFIG_INVALID` for an exec program of which no form is known.
 */
export async function loadProviders(
  config: Config,
  extra: readonly Provider[] = [],
  report: (line: string) => void = () => {},
): Promise<LoadedProviders> {
  refuseUnknownExec(config.kubernetesExec);
  // Folders that a killed worker has left of its helm runs.
  sweepWorkFolders();
  const nodes = createNodeShell();
  const findOneHelm = createHelmFinder(config, report);
  const registry = createProviderRegistry([
    ...(config.localProvider
      ? [createLocalProvider({ folder: join(config.homeFolder, 'local'), nodes })]
      : []),
    createAwsProvider({
      nodes,
      plainHttpHosts: config.insecureUrls,
      credentials: {
        allowOwnIdentity: config.awsOwnIdentity,
        allowedProfiles: config.awsProfiles,
        allowedTokenFiles: config.awsTokenFiles,
      },
    }),
    createKubernetesProvider({
      findHelm: findOneHelm,
      credentials: {
        allowedExec: config.kubernetesExec,
        allowInCluster: config.kubernetesInCluster,
      },
      cacheFolder: join(config.cacheFolder, 'kubernetes'),
    }),
    ...extra,
  ]);
  for (const name of config.providerPackages) registry.register(await loadPackage(name, { nodes }));
  return { registry, nodes, findHelm: findOneHelm, pullChart: createChartPuller(findOneHelm) };
}

function refuseUnknownExec(commands: readonly string[]): void {
  if (commands.every((command) => EXEC_COMMANDS.includes(command))) return;
  const message = `names a program that workers do not call; allowed are ${EXEC_COMMANDS.join(' and ')}`;
  throw toConfigError([{ field: 'WINDLASS_KUBERNETES_EXEC', message }]);
}

/** Searches once, when the first chart is used; after a failure the next call searches again. */
function createHelmFinder(config: Config, report: (line: string) => void): () => Promise<Helm> {
  let found: Promise<Helm> | null = null;
  return () => {
    found ??= findHelm({ named: config.helmFile, cache: config.cacheFolder, env: process.env, report }).then(
      (helm) => {
        report(`charts are installed with ${helm.description}`);
        return helm;
      },
      (error: unknown) => {
        found = null;
        throw error;
      },
    );
    return found;
  };
}

async function loadPackage(name: string, dependencies: ProviderDependencies): Promise<Provider> {
  let exported: unknown;
  try {
    exported = ((await import(toModule(name))) as { default?: unknown }).default;
  } catch (error) {
    throw new WindlassError(
      'invalid-input',
      `the provider package ${name} cannot be loaded: ${messageOf(error)}`,
      {
        code: 'PROVIDER_PACKAGE',
        hint: 'install it beside windlass, or correct WINDLASS_PROVIDERS',
        cause: error,
      },
    );
  }
  const provider: unknown =
    typeof exported === 'function'
      ? await (exported as (dependencies: ProviderDependencies) => unknown)(dependencies)
      : exported;
  if (isProvider(provider)) return provider;
  throw new WindlassError('invalid-input', `the default export of ${name} is not a provider`, {
    code: 'PROVIDER_PACKAGE',
    hint: 'export a Provider, or a function that makes one; docs/providers.md shows both',
  });
}

/** A path is that of a file, from the current folder; anything else is a package beside windlass. */
function toModule(name: string): string {
  return /^\.{0,2}\//.test(name) ? pathToFileURL(resolve(name)).href : name;
}

function isProvider(value: unknown): value is Provider {
  return (
    typeof value === 'object' &&
    value !== null &&
    'contractVersion' in value &&
    'splitJobIntoTasks' in value &&
    'handleSubtask' in value
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
