import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { acquireProcessLock } from '../../src/embedded/process-lock.ts';
import { isRunning } from '../../src/config/index.ts';
import { endProcess, createRecord } from '../../src/embedded/processes.ts';

const folder = mkdtempSync(join(tmpdir(), 'windlass-lock-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Tries for the lock in a process of its own, says so, and holds it until it is killed. */
function spawnHolder(file: string): { pid: number; said: Promise<string>; kill(): void } {
  const source = JSON.stringify(new URL('../../src/embedded/process-lock.ts', import.meta.url).href);
  const program = `const { acquireProcessLock } = await import(${source});
    const lock = acquireProcessLock(${JSON.stringify(file)});
    process.stdout.write('holderPid' in lock ? 'refused ' + lock.holderPid : 'held');
    if ('release' in lock) setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = new Promise<string>((resolve) =>
    child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString())),
  );
  return { pid: child.pid ?? 0, said, kill: () => void child.kill('SIGKILL') };
}

it('gives the lock to exactly one of several that ask at once for a dead holder’s lock', async () => {
  const file = join(folder, 'contested.lock');
  writeFileSync(file, JSON.stringify({ pid: 2 ** 30, startTime: '1' }));
  const holders = Array.from({ length: 4 }, () => spawnHolder(file));
  try {
    const said = await Promise.all(holders.map((holder) => holder.said));
    expect(said.filter((word) => word === 'held')).toHaveLength(1);
    const winner = holders[said.indexOf('held')];
    expect(said.filter((word) => word === `refused ${winner?.pid}`)).toHaveLength(3);
  } finally {
    for (const holder of holders) holder.kill();
  }
});

it('is free again at once when its holder is killed', async () => {
  const file = join(folder, 'killed.lock');
  const holder = spawnHolder(file);
  expect(await holder.said).toBe('held');
  expect(acquireProcessLock(file)).toEqual({ holderPid: holder.pid });
  const record = createRecord(holder.pid, '');
  holder.kill();
  await endProcess(record, 1_000);
  const lock = acquireProcessLock(file);
  expect(lock).toHaveProperty('release');
});

it('does not take a process that was given a dead one’s pid for it', () => {
  expect(isRunning({ pid: process.pid, startTime: 'another' })).toBe(false);
  expect(isRunning(createRecord(process.pid, ''))).toBe(true);
});
