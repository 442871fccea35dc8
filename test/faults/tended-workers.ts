import { WorkerKilledEarly, type TestStack, type TestWorker } from '../kit/stack.ts';

/** Workers of which one that dies is followed by another, as a process supervisor does it. */
export interface TendedWorkers {
  /** SIGKILL for the nth one; it is started again. False while that one is not up. */
  kill(index: number): boolean;
  /** How often a worker was started again. */
  restarts(): number;
  /** Ends them all; what they have logged. @throws what kept one from starting again */
  stop(): Promise<string>;
}

/** Starts `count` workers on a stack and keeps that many alive. */
export async function tendWorkers(
  stack: TestStack,
  count: number,
  env: NodeJS.ProcessEnv = {},
): Promise<TendedWorkers> {
  const current: (TestWorker | null)[] = Array.from({ length: count }, () => null);
  const logs: string[] = [];
  let stopping = false;
  let starts = 0;

  async function tend(index: number, first: TestWorker): Promise<void> {
    for (let worker = first; ;) {
      current[index] = worker;
      await worker.ended;
      current[index] = null;
      logs.push(worker.log());
      if (stopping) return;
      worker = await startAgain();
      if (stopping) await worker.stop();
    }
  }

  /** It may come by an armed point before anybody has heard that it polls. */
  async function startAgain(): Promise<TestWorker> {
    for (;;) {
      starts += 1;
      try {
        return await stack.startWorker(env);
      } catch (error) {
        if (!(error instanceof WorkerKilledEarly)) throw error;
      }
    }
  }

  const firsts = await Promise.all(current.map(() => stack.startWorker(env)));
  const tending = Promise.allSettled(firsts.map((worker, index) => tend(index, worker)));
  return {
    kill(index) {
      const worker = current[index] ?? null;
      if (worker === null) return false;
      void worker.kill();
      return true;
    },
    restarts: () => starts,
    async stop() {
      stopping = true;
      for (const worker of current) await worker?.stop();
      const failed = (await tending).find((one) => one.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
      return logs.join('');
    },
  };
}
