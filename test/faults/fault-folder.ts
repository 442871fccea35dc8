import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a test and its workers (test/kit/worker-process.ts) tell each other about fault points. */
export interface FaultFolder {
  /** For the workers. */
  readonly env: NodeJS.ProcessEnv;
  /** From now on points are named `<phase> <activity>:<point>`. */
  enter(phase: string): void;
  /** The points at which the next worker that comes by dies, once each. */
  arm(points: readonly string[]): void;
  /** Every point that was reached, once, in the order of the first time. */
  reached(): readonly string[];
  /** Where a worker died. */
  killed(): readonly string[];
}

/** Makes the folder; nobody dies until points are armed. */
export function openFaultFolder(folder: string): FaultFolder {
  mkdirSync(join(folder, 'killed'), { recursive: true });
  const file = (name: string): string => join(folder, name);
  writeFileSync(file('phase'), 'none');
  writeFileSync(file('kill'), '');
  return {
    env: { WINDLASS_FAULT_FOLDER: folder },
    enter: (phase) => writeFileSync(file('phase'), phase),
    arm: (points) => writeFileSync(file('kill'), points.join('\n')),
    reached() {
      if (!existsSync(file('reached'))) return [];
      return [...new Set(readFileSync(file('reached'), 'utf8').trim().split('\n'))];
    },
    killed: () => readdirSync(file('killed')).map(decodeURIComponent),
  };
}
