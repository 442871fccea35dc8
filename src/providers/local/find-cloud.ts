import type { Runtime } from '../../domain/index.ts';
import { type LocalSettings, readLocalSettings } from './settings.ts';
import type { LocalCloud } from './cloud/local-cloud.ts';
import { openLocalCloud } from './cloud/open-local-cloud.ts';

/** What a runtime's settings refer to. */
export interface RuntimeCloud {
  readonly cloud: LocalCloud;
  readonly settings: LocalSettings;
}

/** Finds the local cloud that a runtime's settings name. */
export type FindCloud = (settings: Runtime['settings']) => RuntimeCloud;

/** A local cloud is opened once for each folder. `only`, if given, is the local cloud of every runtime. */
export function createCloudFinder(defaultFolder: string, only?: LocalCloud): FindCloud {
  const clouds = new Map<string, LocalCloud>();
  return (given) => {
    const settings = readLocalSettings(given);
    if (only !== undefined) return { cloud: only, settings };
    const folder = settings.folder ?? defaultFolder;
    let cloud = clouds.get(folder);
    if (cloud === undefined) {
      cloud = openLocalCloud(folder);
      clouds.set(folder, cloud);
    }
    return { cloud, settings };
  };
}
