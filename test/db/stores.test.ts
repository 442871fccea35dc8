import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStores, type Stores } from '../../src/db/index.ts';
import { startPglite, startPostgres, type TestDatabase } from '../kit/databases.ts';
import { anAppVersion } from '../kit/sample-records.ts';
import { callBudgetSuite } from './suites/call-budget.ts';
import { catalogSuite } from './suites/catalog.ts';
import { clustersSuite } from './suites/clusters.ts';
import { frontgatesSuite } from './suites/frontgates.ts';
import { interleavedSuite } from './suites/interleaved.ts';
import { jobCommandsSuite } from './suites/job-commands.ts';
import { jobsSuite } from './suites/jobs.ts';
import { leadersSuite } from './suites/leaders.ts';
import { ledgerSuite } from './suites/ledger.ts';
import { tasksSuite } from './suites/tasks.ts';
import { workersSuite } from './suites/workers.ts';

const postgres = await startPostgres();
const servers = [{ name: 'PGlite', database: await startPglite() }];
if (postgres !== null) servers.push({ name: 'PostgreSQL', database: postgres });

test('the stores are tried on a real PostgreSQL', (context) => {
  context.skip(postgres === null, 'no PostgreSQL is installed');
  expect(servers.map(({ name }) => name)).toContain('PostgreSQL');
});

describe.each(servers)('the stores on $name', ({ database }) => {
  suite(database);
});

function suite(database: TestDatabase): void {
  let opened: Stores | undefined;
  const stores = (): Stores => {
    if (opened === undefined) throw new Error('the stores are not open');
    return opened;
  };

  beforeAll(async () => {
    opened = openStores({ databaseUrl: database.databaseUrl });
    // As when several workers start on an empty database.
    await Promise.all([opened.migrate(), opened.migrate(), opened.migrate()]);
    // What the clusters of `aCluster` run.
    await opened.apps.create(anAppVersion('1'));
  });
  afterAll(async () => {
    await opened?.close();
    await database.stop();
  });

  describe('runtimes, secrets, applications', () => {
    catalogSuite(stores, database.databaseUrl);
  });
  describe('the budget of calls', () => {
    callBudgetSuite(stores);
  });
  describe('workers', () => {
    workersSuite(stores, database.databaseUrl);
  });
  describe('leaders', () => {
    leadersSuite(stores);
  });
  describe('clusters', () => {
    clustersSuite(stores);
  });
  describe('frontgates', () => {
    frontgatesSuite(stores);
  });
  describe('jobs', () => {
    jobsSuite(stores);
  });
  describe('commands to jobs', () => {
    jobCommandsSuite(stores);
  });
  describe('tasks', () => {
    tasksSuite(stores);
  });
  describe('ledger', () => {
    ledgerSuite(stores);
  });
  describe('another transaction in between', () => {
    interleavedSuite(stores, database.databaseUrl);
  });
}
