import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test, vi } from 'vitest';
import { readStartTime } from '../../src/config/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'windlass-parent-'));
const place = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const started: number[] = [];
afterAll(() => {
  for (const pid of started) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // As it should be.
    }
  }
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a module that prints one number, a pid, and stays. */
async function startParent(source: string, env: NodeJS.ProcessEnv = {}) {
  const parent = spawn(process.execPath, ['--input-type=module-typescript', '-e', source], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = await readPid(parent);
  started.push(pid, parent.pid ?? 0);
  return { parent, pid };
}

async function readPid(parent: ChildProcess): Promise<number> {
  const [text] = (await once(parent.stdout?.setEncoding('utf8') ?? parent, 'data')) as [string];
  return Number(text.trim());
}

function serviceSource(command: string): string {
  return `
    import { startService } from ${JSON.stringify(place('../../src/embedded/service-process.ts'))};
    const service = await startService({
      name: 'the thing', command: '/bin/sh', args: ['-c', ${JSON.stringify(command)}], env: process.env,
      logFile: ${JSON.stringify(join(folder, 'thing.log'))}, recordFile: ${JSON.stringify(join(folder, 'thing.json'))},
      address: '', readyWord: 'serving', isReady: async () => true, readyLimitMs: 10_000, stopGraceMs: 1_000,
    });
    console.log(service.pid);
    setInterval(() => {}, 1000);
  `;
}

const gone = (pid: number) =>
  vi.waitFor(() => expect(readStartTime(pid)).toBeNull(), { timeout: 20_000, interval: 50 });

test.each([
  ['one that goes when it is asked to', 'echo serving; exec sleep 600'],
  ['one that does not', "trap '' TERM; echo serving; while :; do sleep 0.05; done"],
])(
  'a service ends when the stack is killed: %s',
  async (_name, command) => {
    const { parent, pid } = await startParent(serviceSource(command));
    expect(readStartTime(pid)).not.toBeNull();
    parent.kill('SIGKILL');
    await gone(pid);
  },
  40_000,
);

test('a command ends when its launcher is killed, and is asked first', async () => {
  const child = `
    import { endWithLauncher } from ${JSON.stringify(place('../../src/cli/end-with-launcher.ts'))};
    endWithLauncher(process.env);
    if ('WINDLASS_LAUNCHER_PIPE' in process.env) process.exit(3);
    process.on('SIGTERM', () => process.exit(0));
    console.log(process.pid);
    setInterval(() => {}, 1000);
  `;
  const launcher = `
    import { createRequire } from 'node:module';
    const { runChild } = createRequire(import.meta.url)(${JSON.stringify(place('../../bin/setup/run-child.js'))});
    const args = ['--input-type=module-typescript', '-e', ${JSON.stringify(child)}];
    await runChild(process.execPath, args, { env: process.env, tied: true });
  `;
  const { parent, pid } = await startParent(launcher);
  expect(readStartTime(pid)).not.toBeNull();
  parent.kill('SIGKILL');
  await gone(pid);
}, 40_000);

test('a command that was started without a launcher stays', async () => {
  const { endWithLauncher } = await import('../../src/cli/end-with-launcher.ts');
  const signals: string[] = [];
  const listen = (): void => void signals.push('SIGTERM');
  process.on('SIGTERM', listen);
  for (const value of [undefined, '', 'x', '-1', '0', '1']) {
    const env: NodeJS.ProcessEnv = value === undefined ? {} : { WINDLASS_LAUNCHER_PIPE: value };
    endWithLauncher(env);
    expect(env).toEqual({});
  }
  await new Promise((resolve) => setImmediate(resolve));
  process.off('SIGTERM', listen);
  expect(signals).toEqual([]);
});
