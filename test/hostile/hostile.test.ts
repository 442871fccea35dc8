import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import pg from 'pg';
import { findFilesWith, holdsSecret } from '../stack/find-secret.ts';
import { runCli } from '../stack/run-cli.ts';
import { ARCHIVE_INPUTS } from './inputs/archives.ts';
import { CHART_INPUTS } from './inputs/charts.ts';
import { CONF_INPUTS } from './inputs/confs.ts';
import { CREDENTIAL_INPUTS } from './inputs/credentials.ts';
import { RANDOM_INPUTS } from './inputs/random.ts';
import { REQUEST_INPUTS } from './inputs/requests.ts';
import { buildPackage, LONG_NAME_INPUT, PACKAGE_INPUTS } from './inputs/packages.ts';
import type { HostileInput, HostileTarget } from './input.ts';
import { openTarget, WORKERS_ACCESS_KEY, type OpenTarget } from './open-target.ts';
import type { OtherCluster } from './other-cluster.ts';
import { tryInput, type Verdict } from './try-input.ts';

const SUITE_LIMIT_MS = 900_000;
/** Inputs on their way at once; one, with a job of the other user after it, in `npm run prove`. */
const AT_ONCE = process.env['WINDLASS_TEST_WHOLE_SUITE'] === '1' ? 1 : 4;

const WAYS: Readonly<Record<string, readonly HostileInput[]>> = {
  packages: [...PACKAGE_INPUTS, LONG_NAME_INPUT],
  archives: ARCHIVE_INPUTS,
  charts: CHART_INPUTS,
  confs: CONF_INPUTS,
  credentials: CREDENTIAL_INPUTS,
  requests: REQUEST_INPUTS,
  random: RANDOM_INPUTS,
};

let opened: OpenTarget;
const verdicts: Verdict[] = [];
/** Of other processes: what stood in their arguments and environments while inputs arrived. */
const shown = new Set<string>();
let watching: NodeJS.Timeout;

beforeAll(async () => {
  opened = await openTarget();
  watching = setInterval(() => watchProcesses(opened.planted), 500);
}, SUITE_LIMIT_MS);
afterAll(async () => {
  clearInterval(watching);
  const slowest = verdicts.toSorted((one, other) => other.tookMs - one.tookMs)[0];
  process.stdout.write(
    `${verdicts.length} hostile inputs, the slowest ${Math.round(slowest?.tookMs ?? 0)} ms (${slowest?.name}); ` +
      `another user: ${opened?.other.jobs()} jobs, the slowest answer ${Math.round(opened?.other.slowestMs() ?? 0)} ms\n`,
  );
  await opened?.stop();
}, SUITE_LIMIT_MS);

it('are more than 300, each with a name of its own', () => {
  const names = Object.values(WAYS).flatMap((inputs) => inputs.map(({ name }) => name));
  expect(names.length).toBeGreaterThan(300);
  expect(new Set(names).size).toBe(names.length);
});

describe.each(Object.entries(WAYS))('hostile %s', (_way, inputs) => {
  it('are refused, and another user notices nothing', { timeout: SUITE_LIMIT_MS }, async () => {
    const problems: string[] = [];
    const waiting = [...inputs];
    const sendNext = async (): Promise<void> => {
      for (let input = waiting.shift(); input !== undefined; input = waiting.shift()) {
        const verdict = await tryInput(input, opened);
        verdicts.push(verdict);
        for (const problem of verdict.problems) {
          problems.push(`${input.name}: ${problem}`);
          // Said at once too: a worker that hangs would keep all of them from being said.
          process.stderr.write(`${input.name}: ${problem}\n`);
        }
        if (AT_ONCE === 1) await opened.other.work();
      }
    };
    const working = keepWorking(opened.other);
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, sendNext));
    } finally {
      const fault = await working.stop();
      if (fault !== null) problems.push(`another user's job: ${fault}`);
    }
    await opened.other.work();
    expect(problems).toEqual([]);
  });
});

/** What is too large, at the command line: it must say so at once, with the exit code for bad input. */
const TOO_LARGE: [what: string, args: (target: HostileTarget) => readonly string[]][] = [
  ['a credential of 40 KB', (target) => runtimeCreate(target, kubeconfigOf(40_000))],
  ['a credential of 200 KB', (target) => runtimeCreate(target, kubeconfigOf(200_000))],
  [
    'a conf of 3 MB',
    (target) => clusterCreate(target, buildPackage({}), { env: { text: 'x'.repeat(3_000_000) } }),
  ],
  ['50,000 form items', (target) => clusterCreate(target, buildPackage({ items: manyItems(50_000) }), {})],
  [
    'a count of 2,000,000',
    (target) =>
      clusterCreate(target, buildPackage({ count: '{{cluster.count}}' }), {
        cluster: { count: 2_000_000 },
        env: { password: 'long-enough-1' },
      }),
  ],
];

describe.each(TOO_LARGE)('windlass with %s', (_what, args) => {
  it('ends with exit code 2 and a word about the limit', { timeout: SUITE_LIMIT_MS }, async () => {
    const run = await runCli(opened.stack.env, args(opened.target));
    expect(run, run.stderr).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(/at most|limit|more than|larger|too (large|long|many)/i);
    expect(run.stderr.length).toBeLessThan(5_000);
    expect(run.seconds).toBeLessThan(20);
    await opened.other.ask();
  });
});

describe('after all of them', () => {
  it('the worker that took them is the same process, and ends when it is told to', async () => {
    expect(process.kill(opened.worker.pid, 0)).toBe(true);
    await opened.other.ask();
  });

  it('nothing of those that were refused is stored', async () => {
    const names = (await opened.stack.client.runtimes.list()).map(({ name }) => name);
    expect(names).toEqual(['instant']);
    // Some inputs may be taken: those clusters alone, and the other user's.
    const taken = verdicts.filter(({ end }) => end === 'taken').map(({ answer }) => answer);
    const clusters = await opened.stack.client.clusters.list();
    const refused = clusters.filter(({ clusterId }) => !taken.some((answer) => answer.includes(clusterId)));
    expect(refused.map(({ name }) => name)).toEqual(['other']);
  });

  it('no program was started, and nothing of the worker was sent anywhere', () => {
    expect(readdirSync(opened.trapFolder)).toEqual([]);
    const { keyringFile } = opened.target;
    const sent = opened.collected();
    expect(sent).not.toContain(WORKERS_ACCESS_KEY);
    for (const key of readFileSync(keyringFile, 'utf8').match(/[\w+/=-]{40,}/g) ?? []) {
      expect(sent).not.toContain(key);
    }
  });

  it('no planted secret is in an answer, a log, an argument or an environment', () => {
    const { planted, worker } = opened;
    const leaks = verdicts.filter(({ answer, mayBeQuoted }) => !mayBeQuoted && holdsSecret(answer, planted));
    expect(leaks.map(({ name }) => name)).toEqual([]);
    expect(holdsSecret(worker.log(), planted)).toBe(false);
    expect([...shown]).toEqual([]);
  });

  it('no planted secret is in a file of the Temporal server, of the worker or of the database', async () => {
    const { planted, stack, temporary } = opened;
    const temporalFolder = dirname(stack.temporal.databaseFile);
    // What is known to be stored is found by this search, so a secret would be.
    expect(await findFilesWith(temporalFolder, opened.other.job.clusterId)).not.toEqual([]);
    expect(await findFilesWith(temporalFolder, planted)).toEqual([]);
    await opened.worker.kill();
    for (const folder of [stack.home, temporary, stack.databaseFolder]) {
      expect(await findFilesWith(folder, planted)).toEqual([]);
    }
    expect(await findFilesWith(stack.databaseFolder, opened.other.job.clusterId)).not.toEqual([]);
  });

  it('no planted secret is in a row of the database', async () => {
    const database = new pg.Client({ connectionString: opened.stack.databaseUrl });
    await database.connect();
    try {
      const tables = await database.query<{ name: string }>(
        `select quote_ident(tablename) as name from pg_tables where schemaname = 'public'`,
      );
      for (const { name } of tables.rows) {
        const dump = await database.query<{ row: string }>(`select t::text as row from ${name} t`);
        expect(holdsSecret(dump.rows.map(({ row }) => row).join('\n'), opened.planted), name).toBe(false);
      }
    } finally {
      await database.end();
    }
  });
});

/** Jobs of the other user, one after another, while inputs arrive; the first that does not end well is the last. */
function keepWorking(other: OtherCluster): { stop(): Promise<string | null> } {
  let stopped = AT_ONCE === 1;
  const work = async (): Promise<string | null> => {
    try {
      while (!stopped) await other.work();
      return null;
    } catch (error) {
      return String(error).slice(0, 500);
    }
  };
  const working = work();
  return {
    async stop() {
      stopped = true;
      return working;
    },
  };
}

function runtimeCreate({ files }: HostileTarget, credential: string): readonly string[] {
  const file = files.writeFile('credential', credential);
  return [
    'runtime',
    'create',
    'large',
    '--provider',
    'kubernetes',
    '--zone',
    'default',
    '--credential',
    file,
  ];
}

function kubeconfigOf(bytes: number): string {
  return `apiVersion: v1\nkind: Config\nusers: [{ name: u, user: { token: ${'x'.repeat(bytes)} } }]\n`;
}

function clusterCreate(
  { files }: HostileTarget,
  content: Parameters<HostileTarget['files']['writeFolder']>[0],
  conf: unknown,
): readonly string[] {
  const [app, file] = [files.writeFolder(content), files.writeFile('conf.json', JSON.stringify(conf))];
  return ['cluster', 'create', '--app', app, '--runtime', 'instant', '--conf', file];
}

function manyItems(count: number): readonly Readonly<Record<string, unknown>>[] {
  return Array.from({ length: count }, (_, index) => ({ key: `k${index}`, type: 'string', required: 'no' }));
}

function watchProcesses(planted: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const file of ['cmdline', 'environ']) {
      try {
        const text = readFileSync(`/proc/${pid}/${file}`, 'latin1');
        if (text.includes(planted)) shown.add(`${file}: ${text.slice(0, 60)}`);
      } catch {
        // It ended, or is another user's.
      }
    }
  }
}
