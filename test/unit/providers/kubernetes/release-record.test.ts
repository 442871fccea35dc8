import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  packWithEvents,
  readContent,
  toRevision,
  type ReleaseRevision,
} from '../../../../src/providers/kubernetes/helm/release-record.ts';

/** As helm stores it: gzipped JSON in base64, which the secret holds in base64. */
function revisionOf(release: object): ReleaseRevision {
  const packed = Buffer.from(gzipSync(JSON.stringify(release)).toString('base64')).toString('base64');
  return toRevision({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 'sh.helm.release.v1.shop.v1',
      labels: { name: 'shop', version: '1', status: 'deployed' },
    },
    data: { release: packed },
  });
}

const RELEASE = {
  name: 'shop',
  version: 1,
  config: { db: { size: '1Gi' } },
  info: { description: 'Install complete', status: 'deployed', deleted: '2026-11-24T12:00:00Z' },
  manifest: '---\nkind: Service\n',
  hooks: [
    { name: 'setup', manifest: 'kind: Job', events: ['post-install'], weight: 3, last_run: { phase: '' } },
    {
      name: 'bye',
      manifest: 'kind: Job',
      events: ['pre-delete', 'post-delete'],
      last_run: { started_at: '2026-11-24T12:00:01Z', completed_at: '', phase: 'Running' },
    },
  ],
};

describe('helm’s record of a release', () => {
  it('says what its hooks are for, and how they last ran', async () => {
    const { deletedAt, hooks, description } = await readContent(revisionOf(RELEASE));
    expect([description, deletedAt]).toEqual(['Install complete', '2026-11-24T12:00:00Z']);
    expect(hooks).toEqual([
      { manifest: 'kind: Job', events: ['post-install'], lastRun: null },
      {
        manifest: 'kind: Job',
        events: ['pre-delete', 'post-delete'],
        lastRun: { startedAt: '2026-11-24T12:00:01Z', completedAt: null, phase: 'Running' },
      },
    ]);
  });

  it.each(['', '0001-01-01T00:00:00Z', undefined])('knows no time that is none: %j', async (deleted) => {
    const { deletedAt } = await readContent(revisionOf({ ...RELEASE, info: { deleted } }));
    expect(deletedAt).toBeNull();
  });

  it('is packed again with other events, and all else as it was', async () => {
    const packed = await packWithEvents(revisionOf(RELEASE), (index, events) =>
      index === 1 ? ['post-delete'] : events,
    );
    const again = { ...revisionOf(RELEASE), packed };
    const { hooks } = await readContent(again);
    expect(hooks.map(({ events }) => events)).toEqual([['post-install'], ['post-delete']]);
    const [setup, bye] = RELEASE.hooks;
    expect(await packWithEvents(again, (index, events) => (index === 1 ? (bye?.events ?? []) : events))).toBe(
      await packWithEvents(revisionOf({ ...RELEASE, hooks: [setup, bye] }), (_index, events) => events),
    );
  });

  it('that cannot be read is said to be so', async () => {
    await expect(readContent({ ...revisionOf(RELEASE), packed: 'bm9wZQ==' })).rejects.toMatchObject({
      code: 'RELEASE_RECORD',
    });
  });
});
