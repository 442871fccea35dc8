import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { isRunning } from '../../src/config/index.ts';
import { repeatPortRace, startService } from '../../src/embedded/service-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'windlass-service-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function startScript(script: string) {
  return startService({
    name: 'the thing',
    command: '/bin/sh',
    args: ['-c', script],
    env: process.env,
    logFile: join(folder, 'thing.log'),
    recordFile: join(folder, 'thing.json'),
    address: '127.0.0.1:1',
    readyWord: 'serving',
    // A stranger's server on the same port answers at once.
    isReady: async () => true,
    readyLimitMs: 10_000,
    stopGraceMs: 1_000,
  });
}

it('does not take a stranger’s server for one of ours that has not its port yet', async () => {
  await expect(startScript('sleep 0.3; echo bind: address already in use; exit 1')).rejects.toMatchObject({
    kind: 'conflict',
    code: 'PORT_TAKEN',
  });
  expect(existsSync(join(folder, 'thing.json'))).toBe(false);
});

it('sees a lost port also where a long trace follows the word, and shows what stood before a trace', async () => {
  const panic = (word: string): string =>
    `echo '${word}'; echo 'panic: nil pointer'; echo; echo 'goroutine 7 [running]:'; seq 200; exit 2`;
  await expect(startScript(panic('bind: address already in use'))).rejects.toMatchObject({
    code: 'PORT_TAKEN',
  });
  await expect(startScript(panic('no such file'))).rejects.toMatchObject({
    message: 'the thing ended while it started: no such file | panic: nil pointer',
  });
});

it('shows the end of the log of a service that ended while it started', async () => {
  await expect(startScript('echo the reason why; exit 1')).rejects.toMatchObject({
    code: 'SERVICE_FAILED',
    message: 'the thing ended while it started: the reason why',
  });
});

it('kills a service that does not go when it is asked to', async () => {
  const service = await startScript("trap '' TERM; echo serving; while :; do sleep 0.05; done");
  expect(isRunning(service.record)).toBe(true);
  await service.stop();
  await service.stop();
  expect(isRunning(service.record)).toBe(false);
  expect(existsSync(join(folder, 'thing.json'))).toBe(false);
});

it('starts again where another program was quicker to take the port, and gives up in the end', async () => {
  let starts = 0;
  const start = async (): Promise<string> => {
    starts += 1;
    if (starts < 3) await startScript('echo EADDRINUSE; exit 1');
    return 'started';
  };
  expect(await repeatPortRace(start)).toBe('started');
  await expect(repeatPortRace(() => startScript('echo EADDRINUSE; exit 1'))).rejects.toMatchObject({
    code: 'PORT_TAKEN',
  });
});
