import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTemporal, type TestTemporal } from '../kit/temporal.ts';
import { runCli, type CliRun } from './run-cli.ts';

/** Of the whole machine: no case but those below may reach what it runs. */
const { DATABASE_URL: _database, TEMPORAL_ADDRESS: _temporal, ...MACHINE } = process.env;
const LAUNCHER = fileURLToPath(new URL('../../bin/windlass', import.meta.url));
const CASE_LIMIT_MS = 120_000;
/** No server listens there: tcpmux. */
const CLOSED_PORT = 1;

let home: string;
let env: NodeJS.ProcessEnv;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'windlass-failed-jobs-'));
  env = { ...MACHINE, WINDLASS_HOME: home };
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** One line that says what is wrong, one that says what to do, and nothing of our inside. */
function expectClearLine(run: CliRun, wanted: { exitCode: number; code: string; says: RegExp }): void {
  const shown = run.stdout + run.stderr;
  expect({ exitCode: run.exitCode, shown }).toEqual({ exitCode: wanted.exitCode, shown });
  expect(shown).not.toMatch(/^\s+at .+:\d+:\d+\)?$/m);
  expect(shown).not.toContain('node_modules');
  const lines = run.stderr.trimEnd().split('\n').slice(-2);
  expect(lines[0]).toMatch(/^windlass: /);
  expect(lines[0]).toContain(`[${wanted.code}]`);
  expect(lines[0]).toMatch(wanted.says);
  expect(lines[1]).toMatch(/^ {2}\S/);
}

describe('without a Temporal server', { timeout: CASE_LIMIT_MS }, () => {
  it('a command says so within seconds, through the launcher, with exit code 7', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [LAUNCHER, 'cluster', 'list'], {
      env: { ...env, TEMPORAL_ADDRESS: `127.0.0.1:${CLOSED_PORT}` },
      encoding: 'utf8',
    });
    expectClearLine(
      { exitCode: status, stdout, stderr, seconds: 0 },
      { exitCode: 7, code: 'TEMPORAL_UNREACHABLE', says: new RegExp(`127\\.0\\.0\\.1:${CLOSED_PORT}`) },
    );
  });

  it('--json gives one error object on stdout and nothing else there', async () => {
    const run = await runCli({ ...env, TEMPORAL_ADDRESS: `127.0.0.1:${CLOSED_PORT}` }, [
      ...['job', 'list', '--json'],
    ]);
    expect(run.exitCode).toBe(7);
    expect(JSON.parse(run.stdout)).toEqual({
      error: expect.objectContaining({
        kind: 'unavailable',
        code: 'TEMPORAL_UNREACHABLE',
        hint: expect.any(String) as string,
      }) as object,
    });
  });
});

describe('with a Temporal server alone', { timeout: CASE_LIMIT_MS }, () => {
  let temporal: TestTemporal;
  beforeAll(async () => {
    temporal = await startTemporal();
    env = { ...env, TEMPORAL_ADDRESS: temporal.address };
  });
  afterAll(() => temporal.stop());

  it('a command waits 10 s for a worker, then says that none answers, with exit code 7', async () => {
    const run = await runCli(env, ['runtime', 'list']);
    expectClearLine(run, { exitCode: 7, code: 'NO_WORKER', says: /worker/ });
    expect(run.seconds).toBeGreaterThan(9);
    expect(run.seconds).toBeLessThan(60);
  });

  it('a worker without a database says which variable is missing, with exit code 2', async () => {
    expectClearLine(await runCli(env, ['worker']), {
      exitCode: 2,
      code: 'DATABASE_MISSING',
      says: /DATABASE_URL/,
    });
  });

  it('a worker whose database is away says so, without the password, with exit code 7', async () => {
    const databaseUrl = `postgres://somebody:planted-word@127.0.0.1:${CLOSED_PORT}/windlass`;
    const run = await runCli({ ...env, DATABASE_URL: databaseUrl }, ['worker']);
    expectClearLine(run, { exitCode: 7, code: 'DATABASE_UNAVAILABLE', says: /database/ });
    expect(run.stdout + run.stderr).not.toContain('planted-word');
  });
});

describe('windlass dev', { timeout: CASE_LIMIT_MS }, () => {
  it('refuses a port that another program has, with exit code 6, and leaves nothing running', async () => {
    const { TEMPORAL_ADDRESS: _address, ...own } = env;
    const { server, port } = await listenSomewhere();
    try {
      const run = await runCli(own, ['dev', '--once', '--port', String(port)]);
      expectClearLine(run, { exitCode: 6, code: 'PORT_TAKEN', says: new RegExp(`port ${port}`) });
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

async function listenSomewhere(): Promise<{ server: Server; port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}
