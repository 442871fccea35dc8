import { setTimeout as sleep } from 'node:timers/promises';
import type { SshdMachines } from '../../src/conformance/index.ts';
import { isReachable } from '../kit/is-reachable.ts';

/** What the machines themselves show about the frontgate; nothing of it comes from our database. */
export interface FrontgateOrderCheck {
  /** The machines; everything that is done to them is recorded. */
  readonly machines: SshdMachines;
  /** The frontgates that were ever booted for the first time. */
  readonly made: readonly string[];
  /** Violations of the order, as messages. */
  readonly violations: readonly string[];
  /** How often a running node was tested for access that avoids the frontgate. */
  readonly attempts: number;
  /** Connects to every running node directly; returns those that accept this host, as messages. */
  lookPast(): Promise<readonly string[]>;
  /** Repeats that check. The function that it returns ends it. */
  keepLooking(): () => Promise<void>;
  /** Resets the counts for the next run. */
  forget(): void;
}

const LOOK_MS = 200;

/**
 * Checks machines of which the one at `gateAddress` is the frontgate. A frontgate is not stopped while a
 * node runs, and not removed while one exists; there is never a second one.
 */
export function openFrontgateOrderCheck(inner: SshdMachines, gateAddress: string): FrontgateOrderCheck {
  let made: string[] = [];
  let violations: string[] = [];
  let attempts = 0;
  const gates = new Set<string>();
  /** From the moment in which they are requested until they are certainly gone. */
  const nodes = new Map<string, 'running' | 'stopped'>();

  function refuseNone(gate: string, what: string, which: readonly string[]): void {
    if (which.length > 0) violations.push(`frontgate ${gate} was ${what} in front of ${which.join(', ')}`);
  }

  const machines: SshdMachines = {
    ...inner,
    async boot(spec) {
      const { instanceId, address } = spec;
      if (address === gateAddress) {
        if (!gates.has(instanceId)) made.push(instanceId);
        gates.add(instanceId);
        if (gates.size > 1) violations.push(`there are frontgates ${[...gates].join(' and ')}`);
      } else {
        nodes.set(instanceId, 'running');
      }
      return inner.boot(spec);
    },
    async start(instanceId, change) {
      if (!gates.has(instanceId)) nodes.set(instanceId, 'running');
      return inner.start(instanceId, change);
    },
    async stop(instanceId) {
      if (gates.has(instanceId)) {
        const running = [...nodes].filter(([, state]) => state === 'running').map(([id]) => id);
        refuseNone(instanceId, 'stopped', running);
      }
      const machine = await inner.stop(instanceId);
      if (nodes.has(instanceId)) nodes.set(instanceId, 'stopped');
      return machine;
    },
    async terminate(instanceId) {
      if (gates.has(instanceId)) refuseNone(instanceId, 'removed', [...nodes.keys()]);
      await inner.terminate(instanceId);
      gates.delete(instanceId);
      nodes.delete(instanceId);
    },
  };

  async function lookPast(): Promise<readonly string[]> {
    const running = inner
      .list()
      .filter(({ state, address }) => state === 'running' && address !== gateAddress);
    attempts += running.length;
    const found = await Promise.all(
      running.map(async ({ instanceId, address, port }) =>
        (await isReachable(address, port))
          ? `${instanceId} accepts connections that avoid the frontgate`
          : [],
      ),
    );
    return found.flat();
  }

  return {
    machines,
    get made() {
      return made;
    },
    get violations() {
      return violations;
    },
    get attempts() {
      return attempts;
    },
    lookPast,
    keepLooking() {
      let stopping = false;
      const looking = (async () => {
        while (!stopping) {
          violations.push(...(await lookPast()));
          await sleep(LOOK_MS);
        }
      })();
      return async () => {
        stopping = true;
        await looking;
      };
    },
    forget() {
      made = [];
      violations = [];
      attempts = 0;
    },
  };
}
