import { readFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import type { Client } from '@temporalio/client';
import pg from 'pg';
import { VERSION } from '../src/worker/index.ts';

/** What the numbers depend on. */
export interface Facts {
  readonly startedAt: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryGiB: number;
    /** Of one minute, before anything was started: above zero, others were at work. */
    readonly loadBefore: number;
  };
}

export async function readFacts(temporal: Client, databaseUrl: string): Promise<Facts> {
  const { serverVersion } = await temporal.connection.workflowService.getClusterInfo({});
  return {
    startedAt: new Date().toISOString(),
    versions: {
      windlass: VERSION,
      sdk: readSdkVersion(),
      server: serverVersion ?? 'unknown',
      database: await readDatabaseVersion(databaseUrl),
      node: process.version,
    },
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      loadBefore: LOAD_BEFORE,
    },
  };
}

const LOAD_BEFORE = Math.round((loadavg()[0] ?? 0) * 100) / 100;

function readSdkVersion(): string {
  const file = new URL('../node_modules/@temporalio/worker/package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

async function readDatabaseVersion(databaseUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ version: string }>('select version()');
    return rows[0]?.version.split(',')[0] ?? 'unknown';
  } finally {
    await client.end();
  }
}
