import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubeConnection } from '../api/connection.ts';

/** Where helm caches the API discovery of servers. */
export interface DiscoveryCache {
  /** Environment variables that make helm use the cache; none if there is no folder for it. */
  environment(
    connection: Pick<KubeConnection, 'server' | 'certificateAuthority'>,
  ): Promise<Readonly<Record<string, string>>>;
}

/** Servers whose answers are kept; a few MB each. */
const KEPT_SERVERS = 16;

/**
 * A folder for each server, shared by all runs of helm on this machine: without one, each run loads the
 * schemas of every kind that it changes again. It holds the server's public API description, and nothing
 * of a credential or a release. Helm still asks for the list of kinds in every run.
 *
 * If a folder cannot be created or cleaned, helm is only slower.
 */
export function createDiscoveryCache(root: string | null): DiscoveryCache {
  const opened = new Map<string, Promise<void>>();
  return {
    async environment({ server, certificateAuthority }) {
      if (root === null) return {};
      // The CA is part of the key: the answers of one server are never used for another server at the same
      // address.
      const name = createHash('sha256')
        .update(JSON.stringify([server.href, certificateAuthority]))
        .digest('hex')
        .slice(0, 24);
      const opening = opened.get(name) ?? open(root, name);
      opened.set(name, opening);
      await opening;
      return { KUBECACHEDIR: join(root, name) };
    },
  };
}

async function open(root: string, name: string): Promise<void> {
  try {
    await mkdir(join(root, name), { recursive: true, mode: 0o700 });
    const now = new Date();
    await utimes(join(root, name), now, now);
    const known = await Promise.all(
      (await readdir(root)).map(async (one) => ({ one, usedMs: (await stat(join(root, one))).mtimeMs })),
    );
    const old = known.sort((left, right) => right.usedMs - left.usedMs).slice(KEPT_SERVERS);
    // Another worker may be using it: helm treats what is missing as not cached yet.
    await Promise.all(old.map(({ one }) => rm(join(root, one), { recursive: true, force: true })));
  } catch {
    // Another worker cleans at the same moment, or the disk is full: helm works without the cache.
  }
}
