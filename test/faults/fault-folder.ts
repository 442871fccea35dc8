import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** How a test and its workers (test/kit/worker-process.ts) exchange data about fault points. */
export interface FaultFolder {
  /** The environment of the workers. */
  readonly env: NodeJS.ProcessEnv;
  /** From now on points are named `<phase> <activity>:<point>`. */
  enter(phase: string): void;
  /** The points at which the next worker that reaches one dies, once each. */
  arm(points: readonly string[]): void;
  /**
   * Every point that was reached, once. Sorted: the order of events depends on the machine, and a sample
   * must not.
   */
  reached(): readonly string[];
  /** Where a worker died. */
  killed(): readonly string[];
  /**
   * Armed points at which no worker has died. Points of waits are left out: a handle whose effect is
   * there within a moment has no wait, so a run may have none of them.
   */
  missed(): readonly string[];
  /** The points at which the next worker that reaches one is frozen, once each. */
  freeze(points: readonly string[]): void;
  /** Workers that were frozen: the point and the process. */
  frozen(): readonly { readonly point: string; readonly pid: number }[];
}

/** `<phase> Wait<action>:<point>`. */
const OF_A_WAIT = /^\S+ Wait/;

/** Creates the folder; no worker dies until points are armed. */
export function openFaultFolder(folder: string): FaultFolder {
  for (const reached of ['kill.reached', 'freeze.reached'])
    mkdirSync(join(folder, reached), { recursive: true });
  const file = (name: string): string => join(folder, name);
  writeFileSync(file('phase'), 'none');
  writeFileSync(file('kill'), '');
  writeFileSync(file('freeze'), '');
  return {
    env: { WINDLASS_FAULT_FOLDER: folder },
    enter: (phase) => writeFileSync(file('phase'), phase),
    arm: (points) => writeFileSync(file('kill'), points.join('\n')),
    reached() {
      if (!existsSync(file('reached'))) return [];
      return [...new Set(readFileSync(file('reached'), 'utf8').trim().split('\n'))].sort();
    },
    killed: () => readdirSync(file('kill.reached')).map(decodeURIComponent),
    missed() {
      const killed = new Set(this.killed());
      const armed = readFileSync(file('kill'), 'utf8').split('\n');
      return armed.filter((point) => point !== '' && !killed.has(point) && !OF_A_WAIT.test(point));
    },
    freeze: (points) => writeFileSync(file('freeze'), points.join('\n')),
    frozen: () =>
      readdirSync(file('freeze.reached'))
        .filter((name) => existsSync(join(file('freeze.reached'), name, 'pid')))
        .map((name) => ({
          point: decodeURIComponent(name),
          pid: Number(readFileSync(join(file('freeze.reached'), name, 'pid'), 'utf8')),
        })),
  };
}
