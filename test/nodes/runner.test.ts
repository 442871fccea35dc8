import { mkdir, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CommandState,
  createNodeShell,
  type NodeShell,
  type NodeTarget,
} from '../../src/nodes/index.ts';
import type { Instance } from '../../src/providers/local/index.ts';
import { createTestCloud, type LocalCloudKit } from '../providers/local/cloud-kit.ts';

let kit: LocalCloudKit;
let instance: Instance;
let target: NodeTarget;
let shell: NodeShell;
const signal = new AbortController().signal;

beforeAll(async () => {
  kit = await createTestCloud();
  instance = await kit.runInstance('c/n/instance/g1');
  target = kit.toTarget(instance);
  shell = createNodeShell();
});
afterAll(async () => {
  await shell.close();
  await kit.end();
});

function start(
  key: string,
  command: string,
  options: { env?: Record<string, string>; seconds?: number } = {},
) {
  return shell.start(
    target,
    { key, command, env: options.env ?? {}, timeoutSeconds: options.seconds ?? 60 },
    signal,
  );
}

async function waitForEnd(key: string, secrets: readonly string[] = []): Promise<CommandState> {
  const until = Date.now() + 50_000;
  for (;;) {
    const state = await shell.inspect(target, key, secrets, signal);
    if (state.state !== 'running') return state;
    if (Date.now() > until) throw new Error(`${key} does not end`);
    await sleep(50);
  }
}

/** Continues when the test has created the file that it returns. */
const waitFor = (file: string): string => `while [ ! -e ${file} ]; do sleep 0.05; done`;
const letGo = (file: string): Promise<void> => writeFile(join(target.root, file), '');

const runFolder = (key: string): string => join(target.root, 'var/lib/windlass/run', key);

describe('a started command', () => {
  it('runs in the root, with its variables, and tells its exit code and output', async () => {
    await start('plain', 'pwd; echo "$GREETING" >&2; umask; exit 7', {
      env: { GREETING: "it's\ntwo lines" },
    });
    expect(await waitForEnd('plain')).toEqual({
      state: 'exited',
      exitCode: 7,
      output: `${target.root}\nit's\ntwo lines\n0022\n`,
    });
  });

  it('is started once by six at once and by a seventh much later', async () => {
    for (const key of ['once-a', 'once-b', 'once-c', 'once-d']) {
      const command = `echo run >> ${key}`;
      const starts = Array.from({ length: 6 }, () => start(key, command));
      await Promise.all(starts);
      expect(await waitForEnd(key)).toEqual({ state: 'exited', exitCode: 0, output: '' });
      await start(key, command);
      expect(await readFile(join(target.root, key), 'utf8')).toBe('run\n');
    }
  });

  it('was never started when no call started it', async () => {
    await expect(shell.inspect(target, 'nobody', [], signal)).rejects.toMatchObject({
      kind: 'not-found',
      code: 'NODE_COMMAND_NOT_STARTED',
    });
  });

  it('outlives the connection that started it', async () => {
    const other = createNodeShell();
    await other.start(
      target,
      { key: 'outlives', command: `${waitFor('go-on')}; echo alive`, env: {}, timeoutSeconds: 60 },
      signal,
    );
    await other.close();
    expect(await shell.inspect(target, 'outlives', [], signal)).toMatchObject({ state: 'running' });
    await letGo('go-on');
    expect(await waitForEnd('outlives')).toEqual({ state: 'exited', exitCode: 0, output: 'alive\n' });
  });

  it('shows its last output while it runs', async () => {
    await start('live', `echo first; ${waitFor('seen')}`);
    await expect
      .poll(() => shell.inspect(target, 'live', [], signal))
      .toMatchObject({ state: 'running', lastOutput: 'first\n' });
    await letGo('seen');
    await waitForEnd('live');
  });

  it('leaves its variables in no file', async () => {
    await start('private', 'sleep 0.3', { env: { PASSWORD: 'hush-hush' } });
    await waitForEnd('private');
    // The runner takes its own things away when the result is there.
    await expect.poll(() => readdir(runFolder('private'))).not.toContain('runner');
    for (const name of await readdir(runFolder('private'))) {
      const path = join(runFolder('private'), name);
      if ((await stat(path)).isFile()) expect(await readFile(path, 'utf8')).not.toContain('hush-hush');
    }
  });

  it('may leave a daemon behind, which can continue to write', async () => {
    await start('daemon', 'setsid sh -c "sleep 0.7; echo from-daemon; touch daemon-was-here" & echo started');
    expect(await waitForEnd('daemon')).toMatchObject({ state: 'exited', exitCode: 0 });
    await expect.poll(() => readdir(target.root)).toContain('daemon-was-here');
  });

  it('keeps the newest megabyte of fifty at most, and returns its end', async () => {
    await start(
      'loud',
      'head -c 50000000 /dev/zero | tr "\\0" x; echo; i=0; while [ $i -lt 10000 ]; do i=$((i+1)); echo "line $i"; done',
    );
    const end = await waitForEnd('loud');
    if (end.state !== 'exited') throw new Error(end.state);
    expect(end.exitCode).toBe(0);
    expect(end.output.endsWith('line 9999\nline 10000\n')).toBe(true);
    expect(Buffer.byteLength(end.output)).toBe(8_192);
    const sizes = await Promise.all(
      ['output', 'output.old'].map(async (name) => (await stat(join(runFolder('loud'), name))).size),
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(1_048_576);
  });

  it('has its secrets masked, also one that the cut goes through', async () => {
    const secret = 'correct horse battery staple';
    // Ends so that the window of 8 KB begins in the middle of the secret.
    await start(
      'secretive',
      `echo '${secret}'; printf '%s' '${secret}'; head -c 8180 /dev/zero | tr '\\0' .`,
    );
    const end = await waitForEnd('secretive', [secret]);
    if (end.state !== 'exited') throw new Error(end.state);
    for (let size = 3; size <= secret.length; size += 1)
      expect(end.output).not.toContain(secret.slice(-size));
    expect(end.output).toMatch(/^\*{6}\.+$/);
  });

  it('refuses a name that is no variable', async () => {
    await expect(start('bad', 'true', { env: { 'A;touch x': '1' } })).rejects.toMatchObject({
      kind: 'invalid-input',
    });
  });
});

describe('the limit', () => {
  it('ends the command, its children and theirs, also those that do not listen', async () => {
    await start(
      'slow',
      `sh -c 'trap "" TERM; sleep 31 & sh -c "trap : TERM; while :; do sleep 0.1; done"' & echo up; sleep 32`,
      { seconds: 3 },
    );
    await expect.poll(async () => (await kit.cloud.listProcesses()).length).toBeGreaterThan(5);
    expect(await waitForEnd('slow')).toEqual({ state: 'timed-out', output: 'up\n' });
    await expect
      .poll(async () => (await kit.cloud.listProcesses()).map(({ pid }) => pid))
      .toEqual([instance.pid]);
  });

  it('does not end a command that ends in time, and leaves no timer running', async () => {
    await start('quick', 'true', { seconds: 100 });
    expect(await waitForEnd('quick')).toMatchObject({ state: 'exited', exitCode: 0 });
    await expect
      .poll(async () => (await kit.cloud.listProcesses()).map(({ pid }) => pid))
      .toEqual([instance.pid]);
  });
});

describe('a command that is not known', () => {
  it('is unknown when its runner was killed', async () => {
    await start('killed', 'sleep 20');
    await expect.poll(() => readdir(runFolder('killed'))).toContain('pid');
    const [pid] = (await readFile(join(runFolder('killed'), 'pid'), 'utf8')).split(' ');
    process.kill(Number(pid), 'SIGKILL');
    await expect.poll(async () => (await shell.inspect(target, 'killed', [], signal)).state).toBe('unknown');
    // It is not started again by a repeated start: another part decides whether it ran.
    await start('killed', 'touch ran-twice');
    expect(await readdir(target.root)).not.toContain('ran-twice');
  });

  it('is running for a while after its claim, and unknown when no pid ever followed', async () => {
    await mkdir(runFolder('orphan'), { recursive: true });
    expect((await shell.inspect(target, 'orphan', [], signal)).state).toBe('running');
    const past = new Date(Date.now() - 60_000);
    await utimes(runFolder('orphan'), past, past);
    expect((await shell.inspect(target, 'orphan', [], signal)).state).toBe('unknown');
    await rm(runFolder('orphan'), { recursive: true });
  });

  it('is unknown after the plug was pulled, although the number of its process may live again', async () => {
    await start('unplugged', 'echo before; sleep 20');
    await expect
      .poll(() => shell.inspect(target, 'unplugged', [], signal))
      .toMatchObject({ lastOutput: 'before\n' });
    await kit.cloud.stopInstance(instance.id);
    expect(await kit.cloud.listProcesses()).toEqual([]);
    await kit.cloud.bootInstance(instance.id);
    instance = await kit.waitForState(instance.id, 'running');
    expect(await shell.inspect(target, 'unplugged', [], signal)).toEqual({
      state: 'unknown',
      output: 'before\n',
    });
  });

  it('shows no part of a secret when it was ended in the middle of saying it', async () => {
    const secrets = ['planted-secret-4711'];
    await start('halfway', 'printf "a half: planted-sec"; sleep 20');
    await expect
      .poll(() => shell.inspect(target, 'halfway', secrets, signal))
      .toEqual({ state: 'running', seconds: expect.any(Number) as number, lastOutput: 'a half: ******' });
    const [pid] = (await readFile(join(runFolder('halfway'), 'pid'), 'utf8')).split(' ');
    process.kill(Number(pid), 'SIGKILL');
    await expect
      .poll(() => shell.inspect(target, 'halfway', secrets, signal))
      .toEqual({ state: 'unknown', output: 'a half: ******' });
  });
});
