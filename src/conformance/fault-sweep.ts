import assert from 'node:assert/strict';
import { openBench, WAIT_LIMIT_MS, type Bench } from './bench.ts';
import { FAULTS, type Fault, type FaultProxy } from './fault-proxy/index.ts';
import { OPERATIONS } from './operations.ts';
import type { ConformanceHarness } from './options.ts';
import { READS } from './reads.ts';

/** A harness whose runtime reaches the cloud through a proxy of its own; several may share a cloud. */
export interface SweepLane {
  readonly harness: ConformanceHarness;
  readonly proxy: FaultProxy;
}

/** One request of one operation, and the fault for it. */
export interface SweepCase {
  /** A handle/wait pair by its action, or a function that only reads. */
  readonly operation: string;
  /** As the proxy names the request. */
  readonly request: string;
  /** Which of these requests, from 1. */
  readonly nth: number;
  readonly fault: Fault;
}

export interface SweepOptions {
  /** The first lane finds the cases; all of them share the work. */
  readonly lanes: readonly SweepLane[];
  /** All cases by default. */
  readonly choose?: (cases: readonly SweepCase[]) => readonly SweepCase[];
  /**
   * How many resources of a cluster were ever created with each token, including those that are gone: if
   * the cloud can report that, a duplicate that was deleted again is found too.
   */
  readonly countMade?: (clusterId: string) => Promise<ReadonlyMap<string, number>>;
  readonly report?: (line: string) => void;
  /** Longest that an effect may take to be observed; 30 s by default. */
  readonly waitLimitMs?: number;
}

export interface SweepOutcome {
  /** Cases that were run. */
  readonly runs: number;
  /** Cases whose fault really occurred. */
  readonly struck: number;
  /** Resources that were left when everything had been deleted. */
  readonly leaked: number;
  /** Tokens with which more than one resource was created. */
  readonly doubled: number;
  /** The problems, case by case; empty if there is none. */
  readonly problems: readonly string[];
}

const DELAY_MS = 250;
/** A wait that polls makes the same request again and again: the third is like the second. */
const MOST_NTH = 3;

/**
 * Runs every request of every operation with every fault, each in a cluster of its own: the effect must
 * exist once, and nothing may be left after everything was deleted, as the cloud itself counts.
 */
export async function sweepFaults(options: SweepOptions): Promise<SweepOutcome> {
  const { lanes, choose = (cases) => cases, report = () => undefined } = options;
  const [first] = lanes;
  assert.ok(first, 'a sweep needs a lane');
  const waiting = [...choose(await listCases(first, options))];
  const runs = waiting.length;
  report(`${runs} cases`);
  const outcome = { struck: 0, leaked: 0, doubled: 0 };
  const problems: string[] = [];
  let done = 0;
  async function work(lane: SweepLane): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const found = await runCase(lane, next, options);
      outcome.struck += found.struck ? 1 : 0;
      outcome.leaked += found.leaked;
      outcome.doubled += found.doubled;
      if (found.problem !== null) {
        problems.push(found.problem);
        report(found.problem);
      }
      done += 1;
      if (done % 50 === 0) report(`${done} of ${runs}`);
    }
  }
  await Promise.all(lanes.map(work));
  return { runs, ...outcome, problems };
}

/** Runs every operation once without a fault and notes its requests. */
async function listCases(lane: SweepLane, options: SweepOptions): Promise<readonly SweepCase[]> {
  const cases: SweepCase[] = [];
  for (const name of listOperations()) {
    const bench = await open(lane, options);
    const run = await prepare(bench, name);
    lane.proxy.clearLog();
    await run();
    const counts = new Map<string, number>();
    for (const { operation } of lane.proxy.log()) counts.set(operation, (counts.get(operation) ?? 0) + 1);
    for (const [request, count] of counts) {
      for (let nth = 1; nth <= Math.min(count, MOST_NTH); nth += 1) {
        for (const fault of FAULTS) cases.push({ operation: name, request, nth, fault });
      }
    }
    await bench.deleteAll();
  }
  return cases;
}

function listOperations(): readonly string[] {
  return [...OPERATIONS.map(({ action }) => action), ...READS.map(({ name }) => name)];
}

function open({ harness }: SweepLane, { waitLimitMs = WAIT_LIMIT_MS }: SweepOptions): Promise<Bench> {
  return openBench({ harness, waitLimitMs });
}

/** Does the steps before an operation; the result does the operation and asserts its effect. */
async function prepare(bench: Bench, name: string): Promise<() => Promise<void>> {
  const operation = OPERATIONS.find(({ action }) => action === name);
  if (operation !== undefined) {
    const task = await bench.prepare(operation);
    return async () => {
      await bench.engine.run(task);
      await bench.assertHolds(operation);
    };
  }
  const read = READS.find((candidate) => candidate.name === name);
  assert.ok(read, `no operation is named ${name}`);
  return async () => {
    read.assertAnswer(await bench.engine.read((call) => read.call(bench, call)), bench);
  };
}

interface CaseOutcome {
  readonly struck: boolean;
  readonly leaked: number;
  readonly doubled: number;
  readonly problem: string | null;
}

async function runCase(lane: SweepLane, sweepCase: SweepCase, options: SweepOptions): Promise<CaseOutcome> {
  const { proxy } = lane;
  const { operation, request, nth, fault } = sweepCase;
  const problems: string[] = [];
  const bench = await open(lane, options);
  const run = await prepare(bench, operation);
  const rule = proxy.addRule({ operation: request, fault, nth, delayMs: DELAY_MS });
  await note(problems, run);
  rule.remove();
  await note(problems, () => bench.deleteAll());
  const { clusterId } = bench.engine.cluster().cluster;
  const left = await bench.list();
  const made = (await options.countMade?.(clusterId)) ?? new Map<string, number>();
  const twice = [...made].filter(([, count]) => count > 1);
  for (const { kind, id } of left) problems.push(`${kind} ${id} is left`);
  for (const [token, count] of twice) problems.push(`${token} was made ${count} times`);
  return {
    struck: rule.fired() > 0,
    leaked: left.length,
    doubled: twice.length,
    problem:
      problems.length === 0 ? null : `${operation}, ${fault} of ${request} ${nth}: ${problems.join('; ')}`,
  };
}

async function note(problems: string[], step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? `${String(error.code)}: ` : '';
    problems.push(`${code}${error instanceof Error ? error.message : String(error)}`);
  }
}
