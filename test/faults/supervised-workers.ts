import { WorkerKilledEarly, type TestStack, type TestWorker } from '../kit/stack.ts';

/** Workers that are restarted when they die, as a process supervisor does it. */
export interface SupervisedWorkers {
  /** SIGKILL for the nth one; it is started again. False while that one is not up. */
  kill(index: number): boolean;
  /** How often a worker was started again. */
  restarts(): number;
  /** Ends them all; returns their logs. @throws the error that kept one from starting again */
  stop(): Promise<string>;
}

/** Starts `count` workers on a stack and keeps that many alive. */
export async function superviseWorkers(
  stack: TestStack,
  count: number,
  env: NodeJS.ProcessEnv = {},
): Promise<SupervisedWorkers> {
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

  /** It may reach an armed point before it has reported that it polls. */
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
