import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterWrapper } from '../domain/index.ts';
import {
  createCall,
  refuseCancelled,
  type Call,
  type CallOptions,
  type ObserveCall,
  type Observation,
  type Provider,
} from '../provider/index.ts';
import {
  handleTask,
  newProgress,
  observeTask,
  waitForTask,
  type Pacing,
  type Progress,
  type TaskAttempt,
} from '../task-runner/index.ts';
import { isCrash, isRetried } from './engine-rules.ts';
import { createMemoryStore, type EngineTask, type MemoryStore } from './memory-store.ts';
import type { ConformanceHarness } from './options.ts';
import type { Transcript } from './transcript.ts';
import { createWorker, type HandleOptions } from './workers.ts';

export type { EngineTask } from './memory-store.ts';
export type { HandleOptions } from './workers.ts';

const LOOK_MS = 200;
const PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 250;
/** A test decides when leases expire. */
const LEASE_SECONDS = 3_600;
const NO_SIGNAL = new AbortController().signal;

export interface EngineOptions {
  readonly provider: Provider;
  readonly harness: ConformanceHarness;
  readonly cluster: ClusterWrapper;
  readonly transcript: Transcript;
  readonly waitLimitMs: number;
}

/** The product's task runner over one cluster in memory, and the workers that it runs for. */
export interface Engine extends Omit<MemoryStore, 'addTask' | 'loadContext' | 'storeChanges' | 'storeEnd'> {
  readonly toTask: MemoryStore['addTask'];
  /** One handle by a worker of its own, retried after errors that the engine retries. */
  handle(task: EngineTask, options?: HandleOptions): Promise<{ readonly wait: boolean }>;
  /** Writes the ledger rows of a task like a worker that dies before it calls the provider. */
  claimOnly(task: EngineTask): Promise<void>;
  /** One poll, retried after errors that the engine retries. */
  poll(task: EngineTask, call?: Partial<ObserveCall> & Repeats): Promise<Observation>;
  waitUntilDone(task: EngineTask): Promise<void>;
  /** Handle and wait, as the job workflow does. */
  run(task: EngineTask, options?: HandleOptions): Promise<void>;
  /** The number of requests to the cloud's API for which the budget was taken. */
  requests(): number;
  /** Every request waits for the budget of calls until the function that it returns is called. */
  exhaustBudget(): () => void;
  /** A call that only reads, retried in the same way. */
  read<T>(call: (call: Call) => Promise<T>, given?: Partial<Pick<Call, 'signal'>> & Repeats): Promise<T>;
}

type Repeats = Pick<HandleOptions, 'once'>;

export function createEngine(options: EngineOptions): Engine {
  const { transcript, waitLimitMs } = options;
  const memory = createMemoryStore(options);
  const workers = { ...options, memory };
  const pacing: Pacing = {
    watchMs: LOOK_MS,
    quickMs: waitLimitMs,
    firstPauseMs: PAUSE_MS,
    limitMs: waitLimitMs,
  };
  let requests = 0;
  // Pending while nothing is left of the budget.
  let emptyBudget = Promise.resolve();

  const log: Call['log'] = (message, fields) => transcript.add('log', { message, fields });
  const openBudget =
    (signal: AbortSignal): CallOptions['takeBudget'] =>
    async (count) => {
      requests += count;
      await Promise.race([emptyBudget, whenAborted(signal)]);
      refuseCancelled(signal);
    };
  const newCall = (signal: AbortSignal): Call => createCall({ signal, log, takeBudget: openBudget(signal) });

  function toAttempt({ task }: EngineTask, worker: ReturnType<typeof createWorker>): TaskAttempt {
    const { store, point } = worker;
    return {
      taskId: task.taskId,
      store,
      point,
      log,
      signal: NO_SIGNAL,
      openBudget: (_loaded, signal) => async (count) => {
        await openBudget(signal)(count);
        await worker.whileBudgetIsTaken();
      },
      onLimit: () => {},
    };
  }

  async function attemptOnce<T>(what: string, attempt: () => Promise<T>): Promise<T> {
    try {
      return await attempt();
    } catch (error) {
      transcript.addError(what, error);
      throw error;
    }
  }

  /** Plays the part of Temporal: another attempt after a retryable error, as soon as a test allows. */
  async function retry<T>(what: string, attempt: () => Promise<T>, signal = NO_SIGNAL): Promise<T> {
    const giveUpAt = Date.now() + waitLimitMs;
    for (let failures = 0; ;) {
      try {
        return await attemptOnce(what, attempt);
      } catch (error) {
        if (signal.aborted || !isRetried(error, failures) || Date.now() > giveUpAt) throw error;
        // Waiting for another worker's lease does not count as a failure: a slow cloud would use up all
        // attempts.
        failures += error.code === 'LEASE_HELD' ? 0 : 1;
        await sleep(Math.min(error.retryAfterMs ?? 0, LONGEST_PAUSE_MS));
      }
    }
  }

  const engine: Engine = {
    ...memory,
    toTask: memory.addTask,
    requests: () => requests,
    exhaustBudget() {
      const { promise, resolve } = Promise.withResolvers<void>();
      emptyBudget = promise;
      return resolve;
    },
    async handle(task, handleOptions = {}) {
      const { signal = NO_SIGNAL } = handleOptions;
      const worker = createWorker(workers, handleOptions);
      const attempt = {
        ...toAttempt(task, worker),
        signal,
        effectSignal: signal,
      };
      try {
        const handleOnce = () =>
          handleTask({ ...attempt, identity: worker.identity, leaseSeconds: LEASE_SECONDS });
        return handleOptions.once === true
          ? await attemptOnce(task.task.action, handleOnce)
          : await retry(task.task.action, handleOnce, signal);
      } catch (error) {
        // The next worker finds what this one has done.
        if (isCrash(error) && worker.hasLostItsAnswer()) return { wait: true };
        throw error;
      }
    },
    async claimOnly(task) {
      await engine.handle(task, { claimOnly: true });
    },
    async poll(task, { once = false, ...call } = {}) {
      const worker = createWorker(workers, {});
      const { signal = NO_SIGNAL } = call;
      const lookOnce = async (): Promise<Observation> => {
        const loaded = await worker.store.load(task.task.taskId);
        const observation = await observeTask(loaded, {
          ...newCall(signal),
          watchMs: LOOK_MS,
          cursor: undefined,
          ...call,
        });
        if (observation.state === 'done')
          await worker.store.succeed(task.task, observation.changes ?? {}, []);
        return observation;
      };
      const what = `Wait${task.task.action}`;
      return once ? attemptOnce(what, lookOnce) : retry(what, lookOnce, signal);
    },
    async waitUntilDone(task) {
      const worker = createWorker(workers, {});
      let progress: Progress = newProgress(new Date());
      for (;;) {
        const result = await retry(`Wait${task.task.action}`, () =>
          waitForTask({
            ...toAttempt(task, worker),
            pacing,
            redact: (text) => text,
            readProgress: () => progress,
            writeProgress: (seen) => {
              progress = seen;
            },
          }),
        );
        if (result.state === 'done') return;
        await sleep(Math.min(result.nextLookMs, LONGEST_PAUSE_MS));
      }
    },
    async run(task, handleOptions) {
      const { wait } = await engine.handle(task, handleOptions);
      if (wait) await engine.waitUntilDone(task);
    },
    async read(call, { signal = NO_SIGNAL, once = false } = {}) {
      const readOnce = async () => {
        const answer = await call(newCall(signal));
        transcript.add('answer', answer);
        return answer;
      };
      return once ? attemptOnce('a read', readOnce) : retry('a read', readOnce, signal);
    },
  };
  return engine;
}

/** Resolves when the signal is aborted; never where it is not. */
function whenAborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}
