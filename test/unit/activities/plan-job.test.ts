import { describe, expect, it } from 'vitest';
import { documentPlan } from '../../../activities/plan-job.ts';
import type { AppVersion } from '../../../src/domain/index.ts';
import { equalNodes, RUNTIME } from '../vm/clusters.ts';
import { plan } from '../vm/planning.ts';

const WRAPPER = equalNodes('pending', 'pending');
const STEPS = plan('create', WRAPPER);

async function documentOf(digest: string, purpose: 'app' | 'frontgate' = 'app') {
  const asked: string[] = [];
  const stores = {
    apps: {
      get: async (versionId: string) => {
        asked.push(versionId);
        return { versionId, digest } as AppVersion;
      },
    },
  } as unknown as Parameters<typeof documentPlan>[0];
  const cluster = { ...WRAPPER, cluster: { ...WRAPPER.cluster, purpose } };
  return { asked, document: await documentPlan(stores, STEPS, { cluster, runtime: RUNTIME }) };
}

describe('the document of a job’s plan', () => {
  it('is from the files of the package that the cluster shall run', async () => {
    const { asked, document } = await documentOf('d1');
    expect(asked).toEqual(['appv-1']);
    expect(document).toMatchObject({
      version: 2,
      steps: STEPS,
      basis: { versionId: 'appv-1', packageDigest: 'd1' },
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect((await documentOf('d1')).document.hash).toBe(document.hash);
    expect((await documentOf('d2')).document.hash).not.toBe(document.hash);
  });

  it('asks for no package of a frontgate, which is a part of this program', async () => {
    expect((await documentOf('d1', 'frontgate')).asked).toEqual([]);
  });
});
