import type { NodeShell } from '../../nodes/index.ts';
import type { Features, Provider, ProviderHandler } from '../../provider/index.ts';
import { createVmProvider } from '../../vm/index.ts';
import { createLocalEnvironment } from './environment.ts';
import { createInstanceHandler } from './instance-handler.ts';
import { reserveAddresses } from './reserve-addresses.ts';
import { LOCAL_SETTINGS, readLocalSettings } from './settings.ts';
import { createVolumeHandler } from './volume-handler.ts';
import type { LocalCloud } from './cloud/local-cloud.ts';
import { createCloudFinder } from './find-cloud.ts';

/** What this machine supports without a cloud. */
export const LOCAL_FEATURES: Features = {
  nodeAccess: 'direct',
  volumes: true,
  // The programs of a node are processes of this machine, and see its hardware.
  gpu: true,
  reservedIps: true,
};

export interface LocalProviderOptions {
  /** The folder of the local cloud if the runtime does not name one (`folder` of its settings). */
  readonly folder: string;
  /** How nodes are reached; the caller closes it. */
  readonly nodes: NodeShell;
  /** Replaces the local cloud on disk, for every runtime. */
  readonly cloud?: LocalCloud;
}

/**
 * The provider `local`. It holds no state: everything is in the folder of the local cloud, so that all
 * workers of this machine, also after a reboot, see the same.
 */
export function createLocalProvider(options: LocalProviderOptions): Provider {
  const findCloud = createCloudFinder(options.folder, options.cloud);
  const provider = createVmProvider({
    name: 'local',
    features: LOCAL_FEATURES,
    settings: LOCAL_SETTINGS,
    handler: createLocalHandler(options),
    environment: createLocalEnvironment(findCloud),
    nodes: options.nodes,
    nodeAccess: ({ settings }) => readLocalSettings(settings).nodeAccess,
  });
  return {
    ...provider,
    async parseClusterConf(request) {
      const { addressRange } = readLocalSettings(request.runtime.settings);
      const parsed = await provider.parseClusterConf(request);
      const reservedIps = reserveAddresses(parsed.place.reservedIps, request.clusterId, addressRange);
      return { ...parsed, place: { ...parsed.place, reservedIps } };
    },
  };
}

/** Only the ten pairs, as the frame takes them. */
export function createLocalHandler(options: Pick<LocalProviderOptions, 'folder' | 'cloud'>): ProviderHandler {
  const findCloud = createCloudFinder(options.folder, options.cloud);
  return { ...createInstanceHandler(findCloud), ...createVolumeHandler(findCloud) };
}
