import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectClient, type WindlassClient } from '../../src/client/index.ts';
import { MAX_MESSAGE_CHARACTERS, WindlassError } from '../../src/domain/index.ts';
import { startStack, type TestStack, type TestWorker } from '../kit/stack.ts';
import { findFilesWith, holdsSecret } from './find-secret.ts';
import { runCli, type CliRun } from './run-cli.ts';
import { LOUD_ACCESS_KEY_ID } from './credential-checking-provider.ts';

const PROVIDER = fileURLToPath(new URL('./credential-checking-provider.ts', import.meta.url));
const LIFE_LIMIT_MS = 180_000;
const MARK = 'planted-large-secret-4c1d';

/** Long, with characters that patterns and encodings care for, and with a mark that is looked for. */
const SECRETS = [
  `${MARK}-0 ${randomBytes(11_000).toString('hex')}`,
  `${MARK}-1 (a+)+$ [^\\ ${'.*'.repeat(8_000)}`,
  `${MARK}-2\n${randomBytes(300).toString('base64')}\n`.repeat(60),
  `${MARK}-3 ${'"<&\'\\'.repeat(3_000)}`,
  `${MARK}-4 ${'\u{1F332}漢'.repeat(3_000)}`,
];

let stack: TestStack;
let worker: TestWorker;
let other: WindlassClient;
const answers: string[] = [];

async function refuse(accessKeyId: string, secretAccessKey: string): Promise<WindlassError> {
  const error: unknown = await stack.client.runtimes
    .create({
      ...{ name: 'a', provider: 'sealed', zone: 'local-1' },
      credential: JSON.stringify({ accessKeyId, secretAccessKey }),
    })
    .catch((thrown: unknown) => thrown);
  answers.push(JSON.stringify(error), String(error));
  if (!WindlassError.isInstance(error)) throw new Error(`it was not refused: ${String(error)}`);
  return error;
}

/** A read of another client that fails is answered as ever, and soon. */
async function expectOthersServed(): Promise<void> {
  const startedAt = performance.now();
  await expect(other.clusters.describe('nope')).rejects.toMatchObject({
    code: 'CLUSTER_NOT_FOUND',
    message: expect.stringMatching(/^.{1,200}$/) as string,
  });
  expect(performance.now() - startedAt).toBeLessThan(5_000);
}

beforeAll(async () => {
  stack = await startStack({ env: { WINDLASS_PROVIDERS: PROVIDER, WINDLASS_LOG_LEVEL: 'trace' } });
  worker = await stack.startWorker();
  other = await connectClient({ env: stack.env, workerTimeoutMs: 30_000 });
}, LIFE_LIMIT_MS);
afterAll(async () => {
  await other?.close();
  await stack.stop();
});

describe('a worker that was given large secrets', () => {
  it.each(SECRETS.map((secret, index) => [index, secret] as const))(
    'shows no user number %i, and answers others as before',
    async (_, secret) => {
      const error = await refuse('another', secret);
      expect(error).toMatchObject({ kind: 'permission', code: 'CREDENTIAL_REFUSED' });
      expect(error.message).toMatch(/^the key \[redacted\]\s* is unknown$/);
      await expectOthersServed();
    },
  );

  it('cuts what a provider says at length, and says so', async () => {
    const error = await refuse(LOUD_ACCESS_KEY_ID, `${MARK}-loud`);
    expect(error.code).toBe('LOUD');
    expect(error.message.length).toBeLessThanOrEqual(MAX_MESSAGE_CHARACTERS);
    expect(error.message).toMatch(/… \(cut, \d+ characters\)$/);
    expect(error.details?.at(-1)?.message).toMatch(/^… \(cut, \d+ more\)$/);
    await expectOthersServed();
  });

  it('has them in no answer, no log, no row and no file of the Temporal server', async () => {
    expect(worker.log()).toContain('signing with [redacted]');
    for (const line of worker.log().split('\n')) expect(line.length).toBeLessThanOrEqual(16_000);
    expect(holdsSecret(worker.log(), MARK)).toBe(false);
    expect(answers.filter((answer) => holdsSecret(answer, MARK))).toEqual([]);
    const folder = dirname(stack.temporal.databaseFile);
    expect(await findFilesWith(folder, 'is unknown')).not.toEqual([]);
    expect(await findFilesWith(folder, MARK)).toEqual([]);
    expect(await findFilesWith(stack.home, MARK)).toEqual([]);
    const database = new pg.Client({ connectionString: stack.databaseUrl });
    await database.connect();
    try {
      const { rows } = await database.query<{ row: string }>('select t::text as row from runtime t');
      expect(rows).toEqual([]);
    } finally {
      await database.end();
    }
  });
});

describe('what is too large to be sent', () => {
  const RUNTIME = ['runtime', 'create', 'a', '--provider', 'kubernetes', '--zone', 'default'];
  const CREATE = ['cluster', 'create', '--app', 'web', '--runtime', 'a'];
  let baseline = 0;
  beforeAll(async () => {
    baseline = (await runCli(stack.env, ['runtime', 'list'])).seconds;
  }, 60_000);

  function write(name: string, text: string): string {
    const path = join(stack.home, name);
    writeFileSync(path, text);
    return path;
  }

  it.each([
    ['a kubeconfig of 40 KB', [...RUNTIME, '--credential'], 40_000, /32768.*minify --flatten/s],
    ['a kubeconfig of 200 KB', [...RUNTIME, '--credential'], 200_000, /32768.*minify --flatten/s],
    ['a conf of 3 MB', [...CREATE, '--conf'], 3_000_000, /524288|limit is 2097152/],
  ])('%s is refused as bad input by the command, with the limit', async (_, args, size, said) => {
    const text =
      args.at(-1) === '--conf'
        ? JSON.stringify({
            env: Object.fromEntries(Array.from({ length: size / 30 }, (__, at) => [`k${at}`, MARK])),
          })
        : `apiVersion: v1\nkind: Config\nusers:\n- user: {token: ${MARK}${'x'.repeat(size)}}\n`;
    const run: CliRun = await runCli(stack.env, [...args, write(`input-${size}`, text)]);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toMatch(said);
    expect(run.stdout + run.stderr).not.toContain(MARK);
    expect(run.seconds - baseline).toBeLessThan(5);
    await expectOthersServed();
  });
});
