import type { Runtime } from '../../domain/index.ts';
import { type LocalSettings, readLocalSettings } from './settings.ts';
import type { LocalWorld } from './world/local-world.ts';
import { openLocalWorld } from './world/open-local-world.ts';

/** What a runtime's settings lead to. */
export interface Place {
  readonly world: LocalWorld;
  readonly settings: LocalSettings;
}

/** Finds the world that a runtime names, by its settings. */
export type FindPlace = (settings: Runtime['settings']) => Place;

/** Worlds are opened once per folder. `only`, where given, is the world of every runtime. */
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
