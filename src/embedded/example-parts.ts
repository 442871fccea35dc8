import { randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  digestContent,
  packContent,
  readPackage,
  readPackageIdentity,
  versionIdOf,
} from '../app-package/index.ts';
import type { WindlassClient } from '../client/index.ts';
import { WindlassError } from '../domain/index.ts';
import type { AppVersionView } from '../protocol/index.ts';
import type { ExampleBook } from './example-record.ts';

/** What is needed to create the parts of the example. */
export interface PartsContext {
  readonly client: WindlassClient;
  readonly book: ExampleBook;
  /** Called with one line for each step. */
  readonly report: (line: string) => void;
}

/** The name of the example, unless something of the user's has it. */
const CLUSTER_NAME = 'antietcd';
const RUNTIME_NAME = 'local';
const ZONE = 'local-1';
const MOST_NAMES = 100;

/** The example's own runtime, created if it does not exist. Returns its id. */
export async function ensureRuntime({ client, book, report }: PartsContext): Promise<string> {
  const known = book.read().runtime;
  if (known !== null && known.id !== null && (await findRuntime(client, known.id)) !== null) return known.id;
  // Without an id: a run was killed while it created the runtime. The same request finds it, or creates
  // it.
  const wanted = known !== null && known.id === null ? known : await chooseRuntime(client);
  book.write({ runtime: wanted });
  const { requestId, name } = wanted;
  const { runtimeId } = await client.runtimes.create({ name, provider: 'local', zone: ZONE, requestId });
  book.write({ runtime: { ...wanted, id: runtimeId } });
  report(`made the runtime ${name}: this machine, zone ${ZONE}`);
  return runtimeId;
}

async function chooseRuntime(client: WindlassClient) {
  const name = await chooseName(
    RUNTIME_NAME,
    async (candidate) => (await findRuntime(client, candidate)) !== null,
  );
  return { requestId: randomUUID(), name, id: null };
}

/** A name for a new example cluster that no other cluster has. */
export function chooseClusterName(client: WindlassClient): Promise<string> {
  return chooseName(CLUSTER_NAME, async (candidate) => {
    try {
      return (await client.clusters.describe(candidate)).status !== 'deleted';
    } catch (error) {
      if (!WindlassError.isInstance(error)) throw error;
      if (error.kind === 'not-found') return false;
      // Several clusters have it.
      if (error.kind === 'conflict') return true;
      throw error;
    }
  });
}

/**
 * The example's package, registered. If the user has an app of its name, whose newest version a new one of
 * ours would hide, it is registered under another name.
 */
export async function ensureVersion({ client, book }: PartsContext): Promise<AppVersionView> {
  const folder = findExamplePackage();
  const files = await readPackage(folder);
  const ours = versionIdOf(digestContent(packContent(files)));
  const newest = await findVersion(client, readPackageIdentity(files).appName);
  const isOurs = newest === null || newest.versionId === ours || newest.versionId === book.read().versionId;
  const version = isOurs
    ? await client.apps.register(folder)
    : // If an old version of ours were registered again, it would become the newest.
      ((await findVersion(client, ours)) ?? (await registerBeside(client, folder, newest)));
  book.write({ versionId: version.versionId });
  return version;
}

async function registerBeside(
  client: WindlassClient,
  folder: string,
  users: AppVersionView,
): Promise<AppVersionView> {
  const copy = mkdtempSync(join(tmpdir(), 'windlass-example-'));
  try {
    cpSync(folder, copy, { recursive: true });
    const file = join(copy, 'package.json');
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    const name = `${users.appName}-example`;
    writeFileSync(file, `${JSON.stringify({ ...manifest, name }, null, 2)}\n`);
    return await client.apps.register(copy);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

async function findVersion(client: WindlassClient, appName: string): Promise<AppVersionView | null> {
  return orNull(() => client.apps.describe(appName));
}

async function findRuntime(client: WindlassClient, nameOrId: string) {
  return orNull(() => client.runtimes.describe(nameOrId));
}

/** Null for an object that is not found. */
export async function orNull<Result>(find: () => Promise<Result>): Promise<Result | null> {
  try {
    return await find();
  } catch (error) {
    if (WindlassError.isInstance(error) && error.kind === 'not-found') return null;
    throw error;
  }
}

async function chooseName(wish: string, isTaken: (name: string) => Promise<boolean>): Promise<string> {
  for (let number = 1; number <= MOST_NAMES; number += 1) {
    const name = number === 1 ? wish : `${wish}-${number}`;
    if (!(await isTaken(name))) return name;
  }
  throw new WindlassError('conflict', `${wish} and the ${MOST_NAMES - 1} names after it are taken`, {
    code: 'EXAMPLE_NAME',
    hint: 'delete clusters or runtimes that you no longer need, or use another WINDLASS_HOME',
  });
}

/** The package lies in the clone's examples; compiled code is one folder deeper. */
function findExamplePackage(): string {
  for (const place of ['../../examples/antietcd', '../../../examples/antietcd']) {
    const folder = fileURLToPath(new URL(place, import.meta.url));
    if (existsSync(folder)) return folder;
  }
  throw new WindlassError('not-found', 'this installation has no examples/antietcd', {
    code: 'EXAMPLE_MISSING',
    hint: 'run npm start in a clone of the repository',
  });
}
