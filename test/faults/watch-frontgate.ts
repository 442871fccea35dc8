import { watch } from 'node:fs';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openLocalCloud } from '../../src/providers/local/index.ts';

/** What was observed of the frontgates over a time; nothing of it comes from our database. */
export interface FrontgateWatch {
  /** The instances that were created, however short they lived: by id. */
  readonly made: ReadonlySet<string>;
  /** Violations, as messages. */
  readonly violations: readonly string[];
  /** How often the cloud was read. */
  readonly looks: number;
  stop(): Promise<void>;
}

const LOOK_MS = 150;
/** The name prefix of a frontgate's cluster; its token begins with it. */
const FRONTGATE = 'fg-';

/**
 * Polls the cloud: there is never more than one frontgate, and whenever a command or a service runs on a
 * node, it exists and runs. File system events show what is created in between.
 */
export function watchFrontgate(folder: string): FrontgateWatch {
  const cloud = openLocalCloud(folder);
  const instances = join(folder, 'instances');
  mkdirSync(instances, { recursive: true });
  const made = new Set<string>();
  const tokens = new Map<string, string>();
  const violations: string[] = [];
  let looks = 0;
  const notify = watch(instances, (_, name) => {
    if (name === null || made.has(name)) return;
    // A folder that was moved away while it was read is not an instance any more.
    void cloud.getInstance(name).then(note, () => undefined);
  });

  function note(instance: { readonly id: string; readonly token: string } | null): void {
    if (instance === null) return;
    tokens.set(instance.id, instance.token);
    if (instance.token.startsWith(FRONTGATE)) made.add(instance.id);
  }

  async function look(): Promise<void> {
    const before = await cloud.listInstances();
    const processes = await cloud.listProcesses();
    const after = await cloud.listInstances();
    looks += 1;
    for (const instance of [...before, ...after]) note(instance);
    const gates = after.filter(({ token }) => token.startsWith(FRONTGATE));
    if (gates.length > 1) violations.push(`there are ${gates.map(({ id }) => id).join(' and ')}`);
    const isUp = (all: typeof before): boolean =>
      all.some(({ token, state }) => token.startsWith(FRONTGATE) && state === 'running');
    // A command that runs on a node beside its machine was started over SSH.
    const busy = after.filter(
      ({ id, token, state }) =>
        !token.startsWith(FRONTGATE) &&
        state === 'running' &&
        before.some((one) => one.id === id && one.state === 'running') &&
        processes.filter(({ instanceId }) => instanceId === id).length > 1,
    );
    const [first] = busy;
    if (first !== undefined && !isUp(before) && !isUp(after)) {
      violations.push(`${busy.length} nodes are at work behind no frontgate, ${first.token} among them`);
    }
  }

  let stopping = false;
  const looking = (async () => {
    while (!stopping) {
      await look();
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  })();
  return {
    made,
    violations,
    get looks() {
      return looks;
    },
    async stop() {
      stopping = true;
      await looking;
      notify.close();
    },
  };
}
