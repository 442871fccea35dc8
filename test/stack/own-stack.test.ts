import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectClient } from '../../src/client/index.ts';
import { findCacheFolder, findStackFile } from '../../src/config/index.ts';
import { type DevStack, startDevStack } from '../faults/dev-stack.ts';
import { runCli } from './run-cli.ts';

// Two people's stacks on one machine, each with a home of its own, and no variable that names a server.

interface Lane {
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  readonly stack: DevStack;
}

const folder = mkdtempSync(join(tmpdir(), 'windlass-two-'));
const lanes: Lane[] = [];

beforeAll(async () => {
  lanes.push(...(await Promise.all([startLane('first'), startLane('second')])));
}, 240_000);
afterAll(async () => {
  await Promise.all(lanes.map(({ stack }) => stack.stop()));
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}, 120_000);

async function startLane(name: string): Promise<Lane> {
  const { TEMPORAL_ADDRESS: _a, TEMPORAL_PROFILE: _p, DATABASE_URL: _d, ...given } = process.env;
  const home = join(folder, name);
  const env = {
    ...given,
    WINDLASS_HOME: home,
    WINDLASS_CACHE: findCacheFolder(process.env),
    WINDLASS_STOP_SECONDS: '1',
    TEMPORAL_CONFIG_FILE: join(folder, 'none.toml'),
  };
  return { home, env, stack: await startDevStack(env, home) };
}

function laneAt(index: number): Lane {
  const lane = lanes[index];
  if (lane === undefined) throw new Error('the stacks did not start');
  return lane;
}

async function listRuntimes({ env }: Lane): Promise<readonly string[]> {
  const { stdout } = await runCli(env, ['runtime', 'list', '--json']);
  return (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name);
}

test('each command reaches the stack of its own home, and cannot change the other', async () => {
  const [first, second] = [laneAt(0), laneAt(1)];
  const create = (lane: Lane, name: string) =>
    runCli(lane.env, ['runtime', 'create', name, '--provider', 'local', '--zone', 'local-1', '--json']);
  const made = await Promise.all([create(first, 'mine'), create(second, 'theirs')]);
  expect(made.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  expect(await Promise.all([listRuntimes(first), listRuntimes(second)])).toEqual([['mine'], ['theirs']]);

  const refused = await runCli(first.env, ['runtime', 'delete', 'theirs', '--json']);
  expect(refused.exitCode).toBe(5);
  expect(await listRuntimes(second)).toEqual(['theirs']);
  const shown = await runCli(second.env, ['context', 'show', '--json']);
  expect(JSON.parse(shown.stdout)).toEqual({
    address: second.stack.temporalAddress,
    namespace: 'default',
    from: `the stack of ${second.home}`,
    home: second.home,
  });
}, 120_000);

test('the library reaches it too, and an address that is named comes first', async () => {
  const [first, second] = [laneAt(0), laneAt(1)];
  const own = await connectClient({ env: first.env });
  const named = await connectClient({
    env: { ...first.env, TEMPORAL_ADDRESS: second.stack.temporalAddress },
  });
  try {
    expect((await own.runtimes.list()).map(({ name }) => name)).toEqual(['mine']);
    expect((await named.runtimes.list()).map(({ name }) => name)).toEqual(['theirs']);
  } finally {
    await Promise.all([own.close(), named.close()]);
  }
}, 60_000);

test('a record whose port another server has now leads nowhere', async () => {
  const [first, second] = [laneAt(0), laneAt(1)];
  const file = findStackFile(first.home);
  const written = readFileSync(file, 'utf8');
  try {
    writeFileSync(file, JSON.stringify({ ...JSON.parse(written), address: second.stack.temporalAddress }));
    const { exitCode, stdout } = await runCli(first.env, ['runtime', 'delete', 'theirs', '--json']);
    expect({ exitCode, answer: JSON.parse(stdout) }).toMatchObject({
      exitCode: 7,
      answer: { error: { code: 'STACK_SERVER_GONE' } },
    });
  } finally {
    writeFileSync(file, written);
  }
  expect(await listRuntimes(second)).toEqual(['theirs']);
}, 60_000);
