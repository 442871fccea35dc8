import type { Runtime } from '../../domain/index.ts';
import { type LocalSettings, readLocalSettings } from './settings.ts';
import type { LocalWorld } from './world/local-world.ts';
import { openLocalWorld } from './world/open-local-world.ts';

/** What a runtime's settings refer to. */
export interface Place {
  readonly world: LocalWorld;
  readonly settings: LocalSettings;
}

/** Finds the local cloud that a runtime's settings name. */
export type FindPlace = (settings: Runtime['settings']) => Place;

/** A local cloud is opened once for each folder. `only`, if given, is the local cloud of every runtime. */
export function createPlaceFinder(defaultFolder: string, only?: LocalWorld): FindPlace {
  const worlds = new Map<string, LocalWorld>();
  return (given) => {
    const settings = readLocalSettings(given);
    if (only !== undefined) return { world: only, settings };
    const folder = settings.folder ?? defaultFolder;
    let world = worlds.get(folder);
    if (world === undefined) {
      world = openLocalWorld(folder);
      worlds.set(folder, world);
    }
    return { world, settings };
  };
}
