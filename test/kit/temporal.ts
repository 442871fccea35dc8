import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findCacheFolder } from '../../src/config/index.ts';
import { findFreePort, findTemporalServer, startTemporalServer } from '../../src/embedded/index.ts';
import { repeatPortRace } from '../../src/embedded/service-process.ts';

/** A Temporal dev server of the test's own, with our search attributes. */
export interface TestTemporal {
  readonly address: string;
  readonly namespace: string;
  /** Of Temporal's Web UI. */
  readonly uiUrl: string;
  /** Where the server keeps its state. */
  readonly databaseFile: string;
  /** Ends the server and removes its files. */
  stop(): Promise<void>;
}

/**
 * Starts a dev server on loopback and free ports, found as the product finds it.
 *
 * @param settings of its dynamic configuration
 */
export async function startTemporal(settings: Readonly<Record<string, string>> = {}): Promise<TestTemporal> {
  // A test must not write to a server that the environment names.
  const { TEMPORAL_ADDRESS: _address, TEMPORAL_PROFILE: _profile, ...env } = process.env;
  const folder = mkdtempSync(join(tmpdir(), 'windlass-temporal-'));
  const report = (): void => {};
  const source = await findTemporalServer({ cache: findCacheFolder(env), env, report });
  if (source.kind === 'external')
    throw new Error('a profile of temporal.toml names a server; unset it for tests');
  const databaseFile = join(folder, 'temporal.db');
  const binary = source.path;
  // Another test may be faster to take a port that was free.
  const server = await repeatPortRace(async () => {
    const [port, uiPort] = [await findFreePort(), await findFreePort()];
    return startTemporalServer({ binary, databaseFile, folder, env, report, port, uiPort, settings });
  });
  return {
    address: server.address,
    namespace: server.namespace,
    uiUrl: server.uiUrl,
    databaseFile,
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
