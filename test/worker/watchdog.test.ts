import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const WATCHED = fileURLToPath(new URL('./watched-process.ts', import.meta.url));

/** A process under a watchdog of one second, once that watches. */
async function startWatched(what: string): Promise<{ child: ChildProcess; ended: Promise<unknown> }> {
  const child = spawn(process.execPath, [WATCHED, what], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text));
  const ended = once(child, 'close').then(([code, signal]: unknown[]) => ({
    code,
    signal,
    said: said.join(''),
  }));
  await Promise.race([once(child.stdout, 'data'), ended]);
  return { child, ended };
}

test.concurrent('ends a process whose event loop stands still, after one line', async () => {
  const { ended } = await startWatched('stands still');
  const end = (await ended) as { code: unknown; signal: unknown; said: string };
  expect(end).toMatchObject({ code: null, signal: 'SIGKILL' });
  const lines = end.said.trimEnd().split('\n');
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'fatal',
    msg: expect.stringMatching(/been blocked for 1 s/) as string,
  });
});

test.concurrent('lets one live that is busy, and comes round', async () => {
  expect(await (await startWatched('is busy')).ended).toEqual({ code: 0, signal: null, said: '' });
});

test.concurrent('lets one live that was suspended', async () => {
  const { child, ended } = await startWatched('does nothing');
  child.kill('SIGSTOP');
  await sleep(3_000);
  child.kill('SIGCONT');
  expect(await ended).toEqual({ code: 0, signal: null, said: '' });
});
