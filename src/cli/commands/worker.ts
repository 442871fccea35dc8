import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';

/** `windlass worker` */
export const WORKER_COMMAND: Command = {
  name: 'worker',
  summary: 'Run one worker, configured by its environment; run as many as you like',
  async run(_input, { io, version }) {
    const [{ loadConfig }, { startWorker }] = await Promise.all([
      import('../../config/index.ts'),
      import('../../worker/index.ts'),
    ]);
    const worker = await startWorker(loadConfig(io.env));
    io.stderr.write(`windlass ${version}: the worker is up; Ctrl-C ends it\n`);
    const release = io.onInterrupt(() => void worker.stop());
    try {
      await worker.stopped;
    } finally {
      release();
    }
    return { exitCode: EXIT.done };
  },
};
