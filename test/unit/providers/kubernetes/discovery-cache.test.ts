import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDiscoveryCache } from '../../../../src/providers/kubernetes/helm/discovery-cache.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'windlass-discovery-'));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

const server = new URL('https://127.0.0.1:6443');

describe('the discovery cache', () => {
  test('each server and each CA has a folder of its own, which only this user can read', async () => {
    const cache = createDiscoveryCache(root);
    const one = await cache.environment({ server, certificateAuthority: 'one' });
    const two = await cache.environment({ server, certificateAuthority: 'two' });
    expect(await createDiscoveryCache(root).environment({ server, certificateAuthority: 'one' })).toEqual(
      one,
    );
    expect(one['KUBECACHEDIR']).not.toBe(two['KUBECACHEDIR']);
    expect((await stat(one['KUBECACHEDIR'] ?? '')).mode & 0o777).toBe(0o700);
  });

  test('the servers that were not used for longest are forgotten', async () => {
    for (let number = 0; number < 20; number += 1) {
      await mkdir(join(root, `old-${number}`));
      await writeFile(join(root, `old-${number}`, 'file'), '');
      await utimes(join(root, `old-${number}`), 1_000 + number, 1_000 + number);
    }
    await createDiscoveryCache(root).environment({ server, certificateAuthority: null });
    const left = await readdir(root);
    expect(left).toHaveLength(16);
    expect(left).toContain('old-19');
    expect(left).not.toContain('old-0');
  });

  test('where there is no place for it, or it cannot be made, helm does without', async () => {
    const none = createDiscoveryCache(null);
    expect(await none.environment({ server, certificateAuthority: null })).toEqual({});
    await writeFile(join(root, 'file'), '');
    const broken = createDiscoveryCache(join(root, 'file'));
    await expect(broken.environment({ server, certificateAuthority: null })).resolves.toBeDefined();
  });
});
