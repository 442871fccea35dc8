import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  digestContent,
  packContent,
  parseClusterConf,
  readPackageFolder,
  readPackageIdentity,
  versionIdOf,
  type ClusterConfRequest,
} from '../../../src/app-package/index.ts';
import type {
  ClusterWrapper,
  Conf,
  PackageContent,
  PackageFile,
  Runtime,
} from '../../../src/domain/index.ts';
import { newCluster } from '../../../src/wanted/index.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/packages', import.meta.url));

export const runtime: Runtime = {
  runtimeId: 'rt-1',
  name: 'here',
  provider: 'local',
  url: '',
  zone: 'zone-a',
  settings: { subnet: 'vxnet-default' },
  account: 'me',
  region: 'here',
  createdAt: '2026-01-01T00:00:00Z',
};

export async function loadFixture(name: string): Promise<PackageContent> {
  return toContent(await readPackageFolder(join(FIXTURES, name)));
}

export function toContent(files: readonly PackageFile[]): PackageContent {
  return { versionId: versionIdOf(digestContent(packContent(files))), files };
}

export function textFile(path: string, text: string): PackageFile {
  return { path, content: new TextEncoder().encode(text), mode: 0o644 };
}

export function confRequest(content: PackageContent, conf: Conf): ClusterConfRequest {
  return { content, runtime, conf };
}

/** As the engine stores it: the cluster of package and conf, new. */
export function makeCluster(request: ClusterConfRequest, clusterId = 'cl-1'): ClusterWrapper {
  const { versionId, files } = request.content;
  return newCluster(parseClusterConf(request), {
    clusterId,
    runtimeId: request.runtime.runtimeId,
    versionId,
    appName: readPackageIdentity(files).appName,
    createdAt: '2026-01-01T00:00:00Z',
  });
}

/** The error that a function throws, as its stable parts. */
export function catchFault(run: () => unknown): { code: unknown; message: string; fields: unknown[] } {
  try {
    run();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const details = 'details' in error && Array.isArray(error.details) ? error.details : [];
    return {
      code: 'code' in error ? error.code : undefined,
      message: error.message,
      fields: details.map((detail: unknown) =>
        typeof detail === 'object' && detail !== null && 'field' in detail ? detail.field : undefined,
      ),
    };
  }
  throw new Error('nothing was thrown');
}
