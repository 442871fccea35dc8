import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A helm that is killed so many milliseconds after it has begun, the first time that a verb is run. */
export interface KillableHelm {
  /** For WINDLASS_HELM. */
  readonly path: string;
  /** From now on; once for each verb. */
  arm(afterMs: number): void;
  disarm(): void;
  /** How often it has died so: one that was done before is not counted. */
  kills(): number;
}

/** Puts a script before the real helm. */
export function createKillableHelm(folder: string, helm: string): KillableHelm {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'helm');
  const armed = join(folder, 'armed');
  const killed = join(folder, 'killed');
  // Which life it is is part of the mark, so that each kills once more. `mkdir` is atomic.
  const script = `#!/bin/sh
delay=$(cat '${armed}' 2>/dev/null)
case "$1" in install|upgrade|rollback|uninstall) ;; *) delay= ;; esac
[ -n "$delay" ] && mkdir "${folder}/$delay-$1" 2>/dev/null || exec '${helm}' "$@"
'${helm}' "$@" &
pid=$!
(sleep "$delay"; kill -9 $pid 2>/dev/null && echo "$1 $delay" >> '${killed}') > /dev/null 2>&1 &
wait $pid
`;
  writeFileSync(path, script, { mode: 0o755 });
  writeFileSync(armed, '');
  writeFileSync(killed, '');
  return {
    path,
    arm: (afterMs) => writeFileSync(armed, (afterMs / 1000).toFixed(3)),
    disarm: () => writeFileSync(armed, ''),
    kills: () => readFileSync(killed, 'utf8').split('\n').length - 1,
  };
}
