import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectClient, type WindlassClient } from '../../src/client/index.ts';
import { findCacheFolder } from '../../src/config/index.ts';
import {
  findFreePort,
  findTemporalServer,
  startDatabase,
  startTemporalServer,
} from '../../src/embedded/index.ts';
import { copyNewPglite } from '../kit/databases.ts';
import { forkWorker, pullThePlug, type TestWorker } from '../kit/stack.ts';
import { chooseAddressRange, QUICK_RECOVERY, registerTiny } from './local-scenario.ts';

/** A server that can be killed and started again on its files and its port. */
export interface KillableServer {
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** @throws when it comes back with another address */
  startAgain(): Promise<void>;
}

/** The embedded servers, one worker that is not restarted, and a client. */
export interface KillableServers {
  readonly temporal: KillableServer;
  readonly database: KillableServer;
  readonly databaseUrl: string;
  readonly worker: TestWorker;
  readonly client: WindlassClient;
  readonly versionId: string;
  /** The local provider's cloud. */
  readonly cloud: string;
  readonly recordsFolder: string;
  stop(): Promise<void>;
}

/** Starts all of it; the runtime `local` and the package are registered. */
export async function startKillableServers(number: number): Promise<KillableServers> {
  const { TEMPORAL_ADDRESS: _address, TEMPORAL_PROFILE: _profile, DATABASE_URL: _url, ...env } = process.env;
  const home = mkdtempSync(join(tmpdir(), 'windlass-killable-'));
  const cache = findCacheFolder(env);
  const report = (): void => {};
  const source = await findTemporalServer({ cache, env, report });
  if (source.kind === 'external') throw new Error('temporal.toml names a server; unset it for tests');
  const port = await findFreePort();
  const uiPort = await findFreePort();
  const request = {
    binary: source.path,
    databaseFile: join(home, 'temporal.db'),
    folder: join(home, 'run'),
    env,
    report,
    port,
    uiPort,
  };
  const started: { stop(): Promise<void> }[] = [];
  const stopAll = async (): Promise<void> => {
    for (const one of started.reverse()) await one.stop();
    await pullThePlug(join(home, 'local'));
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const temporal = await keepMortal(
      () => startTemporalServer(request),
      ({ address }) => address,
    );
    started.push(temporal);
    await copyNewPglite(join(home, 'postgres'));
    const database = await keepMortal(
      () => startDatabase({ home, env, report }),
      ({ databaseUrl }) => databaseUrl,
    );
    started.push(database);
    const stackEnv = {
      ...env,
      ...QUICK_RECOVERY,
      TEMPORAL_ADDRESS: temporal.address,
      DATABASE_URL: database.address,
      WINDLASS_HOME: home,
      WINDLASS_CACHE: cache,
      WINDLASS_LOG_LEVEL: 'warn',
      WINDLASS_STOP_SECONDS: '1',
    };
    const worker = await forkWorker(stackEnv);
    started.push(worker);
    const client = await connectClient({ env: stackEnv, workerTimeoutMs: 30_000 });
    started.push({ stop: () => client.close() });
    return {
      temporal,
      database,
      databaseUrl: database.address,
      worker,
      client,
      versionId: await registerTiny(client, chooseAddressRange(number)),
      cloud: join(home, 'local'),
      recordsFolder: join(home, 'records'),
      stop: stopAll,
    };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

/** What the embedded stack starts, as far as these tests need it. */
interface EmbeddedServer {
  readonly pid: number;
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

async function keepMortal<Server extends EmbeddedServer>(
  start: () => Promise<Server>,
  addressOf: (server: Server) => string,
): Promise<KillableServer & { readonly address: string; stop(): Promise<void> }> {
  let server = await start();
  const address = addressOf(server);
  return {
    address,
    async kill() {
      process.kill(server.pid, 'SIGKILL');
      await server.ended;
    },
    async startAgain() {
      server = await start();
      if (addressOf(server) !== address) throw new Error(`it came back at ${addressOf(server)}`);
    },
    stop: () => server.stop(),
  };
}
