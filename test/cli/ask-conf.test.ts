import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseForm } from '../../src/app-package/index.ts';
import type { CreateClusterRequest } from '../../src/client/index.ts';
import { runCommand, type RunOptions, type RunResult } from './run-command.ts';

const ENTER = '\r';
const DOWN = '\u001b[B';
const CONFIG = JSON.stringify({
  properties: [
    {
      key: 'env',
      type: 'array',
      properties: [
        { key: 'user', label: 'User', type: 'string', required: 'yes', pattern: '^[a-z]+$' },
        { key: 'web.password', label: 'Password', type: 'password', required: 'yes' },
        { key: 'mode', label: 'Mode', type: 'string', required: 'yes', range: ['slow', 'fast'] },
        {
          key: 'words',
          label: 'Words',
          type: 'string',
          required: 'yes',
          range: ['a', 'b'],
          multichoice: true,
          separator: ';',
        },
        { key: 'on', label: 'On', type: 'boolean', required: 'yes' },
        { key: 'port', label: 'Port', type: 'integer', required: 'yes', min: 1024 },
        { key: 'known', label: 'Known', type: 'integer', required: 'yes', default: 7 },
        { key: 'free', label: 'Free', type: 'string', required: 'no' },
      ],
    },
    {
      key: 'service_params',
      type: 'array',
      properties: [{ key: 'target', label: 'Target', type: 'string', required: 'yes' }],
    },
  ],
});

type Answer = readonly [seen: string, keys: string];

// `Admin` is refused by its pattern, 80 by its minimum; what is typed then is added to it.
const ANSWERS: readonly Answer[] = [
  ['[env.user]', `Admin${ENTER}`],
  ['does not match', `${'\u007f'.repeat(5)}admin${ENTER}`],
  ['[env.web.password]', `PLANTED-77${ENTER}`],
  ['[env.mode]', `${DOWN}${ENTER}`],
  ['[env.words]', ` ${DOWN} ${ENTER}`],
  ['[env.on]', `${DOWN}${ENTER}`],
  ['[env.port]', `80${ENTER}`],
  ['must be 1024', `80${ENTER}`],
];

/** A person who types each answer once its question is on the screen. */
function createPerson(answers: readonly Answer[]): Required<Pick<RunOptions, 'keyboard' | 'onStderr'>> {
  const keyboard = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => keyboard });
  const waiting = [...answers];
  let screen = '';
  return {
    keyboard,
    onStderr(text) {
      screen += text;
      const [next] = waiting;
      if (next === undefined || !screen.includes(next[0])) return;
      waiting.shift();
      screen = '';
      setImmediate(() => keyboard.write(next[1]));
    },
  };
}

const CREATE = ['cluster', 'create', '--runtime', 'local', '--no-wait', '--app'];

async function create(
  argv: readonly string[],
  options: RunOptions,
): Promise<{ readonly result: RunResult; readonly requests: CreateClusterRequest[] }> {
  const requests: CreateClusterRequest[] = [];
  const app = {
    versionId: 'appv-1',
    appName: 'asks',
    version: '1',
    sizeBytes: 1,
    createdAt: '',
    form: parseForm(CONFIG),
  };
  const client = {
    apps: { describe: async () => app },
    clusters: {
      create: async (request: CreateClusterRequest) => {
        requests.push(request);
        return { clusterId: 'cl-1', jobId: 'j-1', status: 'queued' as const };
      },
    },
  };
  return { result: await runCommand([...CREATE, ...argv], { client, ...options }), requests };
}

describe('cluster create on a terminal', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'windlass-asks-'));
    await writeFile(join(folder, 'config.json'), CONFIG);
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each(['asks', 'FOLDER'])('asks for what the form requires and was not given: %s', async (name) => {
    const { result, requests } = await create([name === 'FOLDER' ? folder : name, '--set', 'env.free=x'], {
      terminal: true,
      ...createPerson(ANSWERS),
    });
    expect(result.exitCode).toBe(0);
    expect(requests).toHaveLength(1);
    expect(requests[0]?.conf).toEqual({
      env: {
        free: 'x',
        user: 'admin',
        'web.password': 'PLANTED-77',
        mode: 'fast',
        words: 'a;b',
        on: false,
        port: 8080,
      },
    });
    expect(result.stdout).not.toContain('User');
    for (const words of ['[env.user]', 'does not match the pattern', '[env.port]', 'must be 1024 or more']) {
      expect(result.stderr).toContain(words);
    }
    expect(result.stderr).not.toMatch(/PLANTED|env\.known|env\.free|service_params/);
  });

  test('asks for nothing that is given already', async () => {
    const conf = join(folder, 'conf.json');
    await writeFile(
      conf,
      '{"env": {"user": "root", "web.password": "p", "words": "a",} /* the rest is set */ }',
    );
    const { result, requests } = await create(
      [
        'asks',
        '--conf',
        conf,
        ...['env.mode=slow', 'env.on=true', 'env.port=2000'].flatMap((one) => ['--set', one]),
      ],
      { terminal: true, ...createPerson([]) },
    );
    expect(result.exitCode).toBe(0);
    expect(requests[0]?.conf).toMatchObject({
      env: { user: 'root', words: 'a', mode: 'slow', on: true, port: 2000 },
    });
    expect(result.stderr).not.toContain('[env.');
  });

  test('makes nothing when the person gives up', async () => {
    const { result, requests } = await create(['asks'], {
      terminal: true,
      ...createPerson([
        ['[env.user]', `admin${ENTER}`],
        ['[env.web.password]', '\u0003'],
      ]),
    });
    expect({ exitCode: result.exitCode, requests }).toEqual({ exitCode: 130, requests: [] });
  });

  test('leaves a chart that is fetched to the one who fetches it, with what it needs for that', async () => {
    const credential = join(folder, 'credential.json');
    await writeFile(credential, '{"username": "u", "password": "p"}');
    const { result, requests } = await create(
      ['oci://registry.example/web', '--version', '1.2.3', '--chart-credential', credential],
      { terminal: true, ...createPerson([]) },
    );
    expect(result.exitCode).toBe(0);
    expect(requests[0]).toMatchObject({
      app: 'oci://registry.example/web',
      source: { version: '1.2.3', credential: '{"username": "u", "password": "p"}' },
    });
  });

  test.each([
    ['with --json', ['asks', '--json'], { terminal: true, ...createPerson(ANSWERS) }],
    ['where standard input is a pipe', ['asks'], { terminal: true }],
    ['where standard error is a pipe', ['asks'], { terminal: false, ...createPerson(ANSWERS) }],
    [
      'with a conf from standard input',
      ['asks', '--conf', '-'],
      { terminal: true, stdin: '{}', ...createPerson(ANSWERS) },
    ],
  ])('never asks %s', async (_, argv, options: RunOptions) => {
    const { result, requests } = await create(argv, options);
    // The request goes out as it is; the worker says what is missing.
    expect(requests).toHaveLength(1);
    expect(requests[0]?.conf ?? {}).toEqual({});
    expect(result.stderr).not.toContain('[env.');
  });
});
