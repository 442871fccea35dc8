import { expect, test } from 'vitest';
import type { Stores } from '../../../src/db/index.ts';
import { withClient } from '../../kit/databases.ts';

/** Which workers there are. */
export function workersSuite(stores: () => Stores, databaseUrl: string): void {
  test('knows the providers of all workers together, until the last one that has it leaves', async () => {
    const { workers } = stores();
    expect(await workers.listProviders()).toEqual({});
    await workers.report({ identity: 'a', providers: { aws: ['vpc'], local: null } });
    await workers.report({ identity: 'b', providers: { aws: ['vpc'], sample: [] } });
    expect(await workers.listProviders()).toEqual({ aws: ['vpc'], local: null, sample: [] });
    await workers.report({ identity: 'b', providers: { aws: ['vpc'] } });
    await workers.leave('a');
    expect(await workers.listProviders()).toEqual({ aws: ['vpc'] });
    await workers.leave('b');
  });

  test('does not count a worker that has been silent for long, until it reports again', async () => {
    const { workers } = stores();
    await workers.report({ identity: 'silent', providers: { sample: [] } });
    await withClient(databaseUrl, (client) =>
      client.query(`update worker set seen_at = seen_at - interval '31 seconds'`),
    );
    expect(await workers.listProviders()).toEqual({});
    await workers.report({ identity: 'silent', providers: { sample: [] } });
    expect(await workers.listProviders()).toEqual({ sample: [] });
    await workers.leave('silent');
  });
}
