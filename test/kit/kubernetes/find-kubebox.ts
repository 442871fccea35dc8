import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { zstdDecompressSync } from 'node:zlib';
import { findCacheFolder } from '../../../src/config/index.ts';
import { buildGoTool } from '../go-tools.ts';

/** The reason of a skip if `findKubebox` found none. */
export const NO_KUBEBOX = 'no Kubernetes control plane is available, and no Go to build one';

const VERSION = '1.37.2';
/** sha256 of the ready-built binary for linux-x64, packed and unpacked. */
const PACKED_DIGEST = '545469ab9b8e9d8db12a3259b4e51c0e91ff44ab6fabe6697409db12a705edf5';
const DIGEST = '2699595d6706e63492d8b6c401f3c9c8dde5c210441ab3402950ba0e9ac76894';
/** Beside the checkout, if it was put there: it saves a build of twelve minutes. */
const READY_BUILT = fileURLToPath(
  new URL('../../../../shared/testbed/kubebox-linux-amd64.zst', import.meta.url),
);

/**
 * The one binary that is etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok: from the
 * tools cache, otherwise the ready-built one beside the checkout, otherwise built from the pinned module
 * in test/kit/tools/kubebox. Null if there is none of these and no Go.
 * @throws when a ready-built one is not the pinned file; the errors of the build
 */
export async function findKubebox(): Promise<string | null> {
  const binary = join(findCacheFolder(process.env), 'kubebox', DIGEST.slice(0, 16), 'kubebox');
  if (process.platform === 'linux' && process.arch === 'x64') {
    if (existsSync(binary)) return binary;
    if (existsSync(READY_BUILT)) return unpack(READY_BUILT, binary);
  }
  return buildGoTool({ name: 'kubebox', ldflags: versionFlags() });
}

/** Moves the binary into place in one step; two processes at the same time place the same file. */
function unpack(archive: string, binary: string): string {
  const packed = readFileSync(archive);
  requireDigest(archive, packed, PACKED_DIGEST);
  const content = zstdDecompressSync(packed);
  requireDigest(archive, content, DIGEST);
  const folder = join(binary, '..');
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(folder, 'unpack-'));
  try {
    const aside = join(work, 'kubebox');
    writeFileSync(aside, content, { mode: 0o755 });
    renameSync(aside, binary);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return binary;
}

function requireDigest(file: string, content: Buffer, digest: string): void {
  const found = createHash('sha256').update(content).digest('hex');
  if (found !== digest) throw new Error(`${file} is not the pinned file: sha256 ${found}`);
}

/** Without them the servers report version v0.0.0-master, and charts that require a version refuse. */
function versionFlags(): string {
  const [major, minor] = VERSION.split('.');
  const values = [`gitVersion=v${VERSION}`, `gitMajor=${major}`, `gitMinor=${minor}`, 'gitTreeState=clean'];
  return ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version']
    .flatMap((name) => values.map((value) => `-X ${name}.${value}`))
    .join(' ');
}
