import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseForm } from '../../src/app-package/index.ts';
import { WindlassError, type SealedSecret } from '../../src/domain/index.ts';
import type { CreateClusterInput } from '../../src/protocol/index.ts';
import { bindConf, openKeyring, type Keyring } from '../../src/secrets/index.ts';
import { RUNTIME } from '../client/answers.ts';
import { startStandInWorkers, type StandInWorkers } from '../client/stand-in-worker.ts';
import { startTemporal, type TestTemporal } from '../kit/temporal.ts';
import { runCli, type CliRun } from '../stack/run-cli.ts';

const TERMINAL = fileURLToPath(new URL('./terminal.py', import.meta.url));
const ENTER = '\r';
const PASSWORD = 'Planted-77';
const FORM = parseForm(
  JSON.stringify({
    properties: [
      {
        key: 'env',
        type: 'array',
        properties: [
          { key: 'user', label: 'User', type: 'string', required: 'yes', pattern: '^[a-z]+$' },
          { key: 'password', label: 'Password', type: 'password', required: 'yes' },
          { key: 'port', label: 'Port', type: 'integer', required: 'yes', min: 1024 },
          { key: 'known', label: 'Known', type: 'integer', required: 'yes', default: 7 },
        ],
      },
    ],
  }),
);
const CREATE = ['cluster', 'create', '--app', 'asks', '--runtime', 'here', '--no-wait'];

// The real command, on a real pseudo-terminal, with what it sends to a worker. Fake terminals, which
// have more cases, are in ask-conf.test.ts.
describe('cluster create', () => {
  let temporal: TestTemporal;
  let workers: StandInWorkers;
  let keyring: Keyring;
  let folder: string;
  let env: NodeJS.ProcessEnv;
  let asked: CreateClusterInput[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'windlass-terminal-'));
    temporal = await startTemporal();
    workers = await startStandInWorkers(temporal.address, temporal.namespace);
    keyring = await openKeyring(join(folder, 'keyring.json'));
    env = {
      ...process.env,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      WINDLASS_HOME: folder,
    };
    const app = { versionId: 'appv-1', appName: 'asks', version: '1', sizeBytes: 1, createdAt: '' };
    workers.requests.describeApp = async () => ({ ...app, form: FORM });
    workers.requests.getSealingKey = async () => keyring.sealingKey();
    workers.requests.findJob = async () => null;
    workers.requests.describeRuntime = async () => RUNTIME;
    // What it was sent is what is looked at: no job begins.
    workers.requests.checkCreateCluster = async (input) => {
      asked.push(input);
      throw new WindlassError('invalid-input', 'the test makes no cluster', { code: 'TEST_ENDS' });
    };
  }, 120_000);
  beforeEach(() => {
    asked = [];
  });
  afterAll(async () => {
    await workers?.stop();
    await temporal?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const onTerminal = (
    answers: readonly (readonly [seen: string, keys: string])[],
    ...more: readonly string[]
  ): Promise<CliRun> =>
    runCli(env, [...CREATE, ...more], { before: ['python3', TERMINAL, JSON.stringify(answers)] });

  test('on a terminal asks for what is missing, and shows no password', async () => {
    const run = await onTerminal([
      ['[env.user]', `Admin${ENTER}`],
      ['does not match', `${'\u007f'.repeat(5)}admin${ENTER}`],
      ['[env.password]', `${PASSWORD}${ENTER}`],
      ['[env.port]', `8080${ENTER}`],
    ]);
    expect(run.stdout).toContain('the test makes no cluster');
    expect(run.exitCode).toBe(2);
    expect(run.stdout).toContain('admin');
    expect(run.stdout).not.toContain(PASSWORD);
    expect(run.stdout).not.toContain('[env.known]');
    expect(asked).toHaveLength(1);
    const [input] = asked;
    const given = input?.conf['env'] as { password: { $sealed: SealedSecret } };
    expect(given).toMatchObject({ user: 'admin', port: 8080 });
    if (input === undefined) throw new Error('nothing was asked');
    const { runtime: runtimeId, ...rest } = input;
    const binding = bindConf({ action: 'create', ...rest, runtimeId })('env.password');
    expect(await keyring.openSealed(given.password.$sealed, binding)).toBe(PASSWORD);
  });

  test('on a terminal makes nothing when the person gives up', async () => {
    const run = await onTerminal([['[env.user]', '\u0003']]);
    expect(run.exitCode).toBe(130);
    expect(asked).toEqual([]);
  });

  test.each<readonly [string, () => Promise<CliRun>]>([
    ['without a terminal', () => runCli(env, CREATE)],
    ['on a terminal with --json', () => onTerminal([], '--json')],
  ])('%s asks nothing', async (_, create) => {
    const { stdout, stderr, exitCode } = await create();
    expect(stdout + stderr).toContain('the test makes no cluster');
    expect(exitCode).toBe(2);
    expect(stdout + stderr).not.toContain('[env.');
    expect(asked.map(({ conf }) => conf)).toEqual([{}]);
  });
});
