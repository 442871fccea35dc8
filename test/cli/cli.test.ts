import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CreateClusterRequest, RuntimeRequest } from '../../src/client/index.ts';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import { EXIT_OF_KIND } from '../../src/cli/exit-codes.ts';
import { ERROR_KINDS, WindlassError, type JobStatus } from '../../src/domain/index.ts';
import type { JobView } from '../../src/protocol/index.ts';
import { createFakeWait, waitForAbort } from './fake-client.ts';
import { BASE, eventsUntil, VIEWS } from './job-sample.ts';
import { runCommand } from './run-command.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const STARTED = { clusterId: 'cl-1', jobId: 'j-1', status: 'queued' as const };
const CREATE = ['cluster', 'create', '--app', 'zk', '--runtime', 'local'];

function clientWhoseJobEnds(status: JobStatus) {
  const failed = VIEWS[4]?.view ?? BASE;
  const held =
    status === 'held' ? { by: 'ada', why: 'StartService of zk 1 failed', at: BASE.startedAt } : null;
  const view: JobView = { ...failed, status, held, error: status === 'failed' ? failed.error : null };
  return { clusters: { create: async () => STARTED }, jobs: { wait: createFakeWait(3, view) } };
}

describe('the command line', () => {
  test('has every command of the contract', () => {
    const names = COMMANDS.flatMap((entry) =>
      'commands' in entry ? entry.commands.map((command) => `${entry.name} ${command.name}`) : [entry.name],
    );
    const contract = [
      ...['dev', 'worker', 'completion'],
      ...['create', 'list', 'describe', 'validate', 'zones', 'subnets', 'vpc', 'update', 'delete'].map(
        (verb) => `runtime ${verb}`,
      ),
      ...['validate', 'register', 'list', 'describe'].map((verb) => `app ${verb}`),
      ...['create', 'list', 'describe', 'stop', 'start', 'delete', 'upgrade', 'rollback', 'update'].map(
        (verb) => `cluster ${verb}`,
      ),
      ...['scale', 'resize', 'restart', 'recover', 'cease'].map((verb) => `cluster ${verb}`),
      ...['list', 'watch', 'describe', 'cancel', 'history'].map((verb) => `job ${verb}`),
      ...['keys list', 'keys rotate'],
    ];
    expect(names).toEqual(expect.arrayContaining(contract));
  });

  test.each([
    '--help',
    '--version',
    'completion bash',
    'completion zsh',
    'completion fish',
    'cluster create --help',
  ])('needs no server for %s', async (line) => {
    const { exitCode, stdout, connected } = await runCommand(line.split(' '));
    expect({ exitCode, connected }).toEqual({ exitCode: 0, connected: false });
    expect(stdout).not.toBe('');
  });

  test.each([
    ['cluster create --ap x', 'did you mean --app?'],
    ['cluster creat', 'did you mean create?'],
    ['clustr list', 'did you mean cluster?'],
    ['cluster create --app x', 'missing: --runtime'],
    ['cluster stop', "missing required argument 'cluster'"],
    ['cluster stop a b', 'too many arguments'],
    ['job list --limit many', 'must be a whole number'],
    ['cluster create --app x --runtime y --set port', 'must be key=value'],
    ['cluster create --app x --runtime y --conf /nowhere', 'cannot be read (ENOENT)'],
    ['runtime zones', 'neither a runtime nor --provider'],
    ['runtime update r', 'no change was given'],
    ['completion tcsh', 'Allowed choices are bash, zsh, fish'],
  ])('refuses `%s` with exit code 2 before it connects', async (line, words) => {
    const { exitCode, stdout, stderr, connected } = await runCommand(line.split(' '));
    expect({ exitCode, stdout, connected }).toEqual({ exitCode: 2, stdout: '', connected: false });
    expect(stderr).toContain(words);
  });

  test('shows the help on stderr where a verb is missing', async () => {
    const { exitCode, stdout, stderr } = await runCommand(['cluster']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain('Usage: windlass cluster');
  });

  test('refuses a conf that is not JSON, naming line and column', async () => {
    const { exitCode, stderr } = await runCommand([...CREATE, '--conf', '-'], { stdin: '{\n  "a": x}' });
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/line 2, column \d+/);
  });
});

describe('errors', () => {
  const error = new WindlassError('conflict', 'cluster cl-1 is busy', {
    code: 'CLUSTER_BUSY',
    hint: 'wait for it',
  });

  test('have an exit code for every kind', () => {
    expect(Object.keys(EXIT_OF_KIND).toSorted()).toEqual([...ERROR_KINDS].toSorted());
  });

  test('say what, why and what to do, on stderr', async () => {
    const client = { clusters: { stop: () => Promise.reject(error) } };
    const result = await runCommand(['cluster', 'stop', 'cl-1'], { client });
    expect(result).toMatchObject({ exitCode: 6, stdout: '' });
    expect(result.stderr).toBe('windlass: cluster cl-1 is busy [CLUSTER_BUSY]\n  wait for it\n');
  });

  test('are one JSON value on stdout with --json, usage errors too', async () => {
    const client = { clusters: { stop: () => Promise.reject(error) } };
    const busy = await runCommand(['cluster', 'stop', 'cl-1', '--json'], { client });
    expect(busy).toMatchObject({ exitCode: 6, stderr: '' });
    expect(JSON.parse(busy.stdout)).toEqual({ error: error.toInfo() });
    const usage = await runCommand(['cluster', 'stop', '--jsn', '--json']);
    expect(JSON.parse(usage.stdout)).toMatchObject({ error: { kind: 'invalid-input', code: 'USAGE' } });
  });

  test('list every fault', async () => {
    const details = [
      { field: 'env.port', message: 'must be a number' },
      { message: 'config.json:3:1: no comma' },
    ];
    const invalid = new WindlassError('invalid-input', 'two faults', { code: 'CONF_INVALID', details });
    const client = { clusters: { create: () => Promise.reject(invalid) } };
    const { stderr } = await runCommand(CREATE, { client });
    expect(stderr).toContain('  - env.port: must be a number\n  - config.json:3:1: no comma\n');
  });

  test('say 7 where no server or no worker answers', async () => {
    const away = new WindlassError('unavailable', 'nobody', { code: 'NO_WORKER' });
    expect((await runCommand(['job', 'list'], { client: away })).exitCode).toBe(7);
  });
});

describe('a job that is waited for', () => {
  test.each([
    ['successful', 0],
    ['failed', 4],
    ['held', 4],
    ['cancelled', 8],
  ] as const)('gives the exit code of its end: %s, %i', async (status, exitCode) => {
    expect((await runCommand(CREATE, { client: clientWhoseJobEnds(status) })).exitCode).toBe(exitCode);
  });

  test('says who holds it and why, and what can be done', async () => {
    const { stdout } = await runCommand(CREATE, { client: clientWhoseJobEnds('held') });
    expect(stdout).toContain('create of cl-1 is held\n');
    expect(stdout).toContain('what happened: windlass job describe j-1\n');
    expect(stdout).toContain('to end it: windlass job cancel j-1\n');
    // The cluster is busy: it cannot be deleted.
    expect(stdout).not.toContain('windlass cluster delete');
    const { stdout: json } = await runCommand([...CREATE, '--json'], { client: clientWhoseJobEnds('held') });
    expect(JSON.parse(json)).toMatchObject({ status: 'held', held: { by: 'ada' } });
  });

  test('is one line an event where the output is no terminal', async () => {
    const { stdout } = await runCommand(CREATE, { client: clientWhoseJobEnds('successful') });
    expect(stdout).toContain('00:00:01Z  layer 1 RunInstances: 2 tasks\n');
    expect(stdout).not.toContain('\u001b');
    expect(stdout).toContain('see it: windlass cluster describe cl-1\n');
  });

  test('is a live tree on a terminal, without colours where NO_COLOR is set', async () => {
    const client = clientWhoseJobEnds('successful');
    const bright = await runCommand(CREATE, { client, terminal: true });
    expect(bright.stdout).toContain('● ');
    expect(bright.stdout).toContain('\u001b[36m');
    const plain = await runCommand(CREATE, { client, terminal: true, env: { NO_COLOR: '1' } });
    expect(plain.stdout).toContain('● ');
    expect(plain.stdout).not.toContain('\u001b[36m');
  });

  test('is one JSON value on stdout with --json, its error in it, its progress on stderr', async () => {
    const { stdout, stderr, exitCode } = await runCommand([...CREATE, '--json'], {
      client: clientWhoseJobEnds('failed'),
    });
    expect(exitCode).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({
      clusterId: 'cl-1',
      jobId: 'j-1',
      status: 'failed',
      error: { code: 'COMMAND_FAILED' },
    });
    expect(stderr).toContain('layer 1 RunInstances');
  });

  test('is only started with --no-wait', async () => {
    const client = { clusters: { create: async () => STARTED } };
    const { stdout, exitCode } = await runCommand([...CREATE, '--no-wait', '--json'], { client });
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual(STARTED);
  });

  test('goes on after Ctrl-C, which says how to take it up again', async () => {
    const client = { clusters: { create: async () => STARTED }, jobs: { wait: waitForAbort } };
    const { stderr, exitCode } = await runCommand(CREATE, { client, interrupt: true });
    expect(exitCode).toBe(130);
    expect(stderr).toContain('windlass job watch j-1');
  });
});

describe('job watch', () => {
  test('is NDJSON with --json', async () => {
    const client = { jobs: { wait: createFakeWait(4, VIEWS[4]?.view ?? BASE) } };
    const { stdout, exitCode } = await runCommand(['job', 'watch', 'j-1', '--json'], { client });
    expect(exitCode).toBe(4);
    const events = stdout.trimEnd().split('\n');
    expect(events.map((line) => JSON.parse(line) as unknown)).toEqual(eventsUntil(4));
  });
});

describe('what the user gives', () => {
  test('reaches the client: conf, settings, name, request id', async () => {
    const requests: CreateClusterRequest[] = [];
    const create = async (request: CreateClusterRequest) => {
      requests.push(request);
      return STARTED;
    };
    const conf = join(folder, 'conf.json');
    writeFileSync(conf, '{"env": {"port": 1}}');
    const line = [
      ...CREATE,
      '--name',
      'n',
      '--conf',
      conf,
      '--set',
      'a.b=c=d',
      '--set',
      'e=',
      '--request-id',
      'r',
      '--no-wait',
    ];
    await runCommand(line, { client: { clusters: { create } } });
    expect(requests).toEqual([
      {
        app: 'zk',
        runtime: 'local',
        name: 'n',
        requestId: 'r',
        conf: { env: { port: 1 } },
        settings: { 'a.b': 'c=d', e: '' },
      },
    ]);
  });

  test('as a credential is read from standard input, and shown nowhere', async () => {
    const requests: RuntimeRequest[] = [];
    const create = async (request: RuntimeRequest) => {
      requests.push(request);
      throw new WindlassError('permission', 'the key is unknown', { code: 'CREDENTIAL_REFUSED' });
    };
    const line = [
      'runtime',
      'create',
      'prod',
      '--provider',
      'aws',
      '--zone',
      'z',
      '--credential',
      '-',
      '--json',
    ];
    const stdin = '{"secretAccessKey": "planted-credential"}';
    const { exitCode, stdout, stderr } = await runCommand(line, { client: { runtimes: { create } }, stdin });
    expect(exitCode).toBe(3);
    expect(requests[0]?.credential).toBe(stdin);
    expect(stdout + stderr).not.toContain('planted');
  });

  test('as --force reaches a delete', async () => {
    const seen: unknown[] = [];
    const remove = async (...given: unknown[]) => {
      seen.push(given);
      return STARTED;
    };
    await runCommand(['cluster', 'delete', 'cl-1', '--force', '--no-wait'], {
      client: { clusters: { delete: remove } },
    });
    expect(seen).toEqual([['cl-1', { force: true }]]);
  });
});

describe('app validate', () => {
  test('finds the example package valid without a server', async () => {
    const { exitCode, stdout, connected } = await runCommand([
      'app',
      'validate',
      'examples/antietcd',
      '--json',
    ]);
    expect({ exitCode, connected }).toEqual({ exitCode: 0, connected: false });
    expect(JSON.parse(stdout)).toMatchObject({ appName: 'antietcd', valid: true, errors: [] });
  });

  test('lists every fault of a broken package, exit code 2', async () => {
    const broken = mkdtempSync(join(folder, 'broken-'));
    writeFileSync(join(broken, 'config.json'), '{"type": "array", "properties": [');
    writeFileSync(join(broken, 'cluster.json.mustache'), '{"name": {{cluster.name}}, "nodes": []}');
    const { exitCode, stdout } = await runCommand(['app', 'validate', broken, '--json']);
    expect(exitCode).toBe(2);
    const output = JSON.parse(stdout) as { valid: boolean; errors: unknown[]; error: { code: string } };
    expect(output).toMatchObject({ valid: false, error: { kind: 'invalid-input', code: 'APP_INVALID' } });
    expect(output.errors.length).toBeGreaterThan(0);
  });
});

describe('app describe', () => {
  test('says what of a form is kept only', async () => {
    const described = mkdtempSync(join(folder, 'described-'));
    const item = { label: '', required: 'no', default: '' };
    const properties = [
      { ...item, key: 'lb', type: 'loadbalancer', port: 80, default: [] },
      { key: 'service_params', type: 'array', properties: [{ ...item, key: 'target', type: 'string' }] },
    ];
    writeFileSync(join(described, 'config.json'), JSON.stringify({ properties }));
    const { stdout } = await runCommand(['app', 'describe', described]);
    expect(stdout).toContain('for port 80; kept: no load balancer is attached yet');
    expect(stdout).toContain('service_params · not asked for: no action runs its services yet');
  });
});
