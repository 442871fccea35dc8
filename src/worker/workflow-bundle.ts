import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, type WorkflowBundlePath } from '@temporalio/worker';

// In a clone this file is src/worker/workflow-bundle.ts, in a built package dist/src/worker/….js.
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BUILT_BUNDLE = join(ROOT, 'workflow-bundle.js');

/** The folders that a bundle is built from; workflows may import nothing else. */
const SOURCES = ['workflows', 'src/domain', 'src/plan'];

/**
 * The bundle of the workflows: as built, or, in a clone, built once for each content and kept in the cache
 * (bundling takes some seconds, and a worker should start in one).
 */
export async function openWorkflowBundle(cacheFolder: string): Promise<WorkflowBundlePath> {
  if (existsSync(BUILT_BUNDLE)) return { codePath: BUILT_BUNDLE };
  const codePath = join(cacheFolder, 'workflow-bundles', `${await hashSources()}.js`);
  if (!existsSync(codePath)) await writeWorkflowBundle(codePath);
  return { codePath };
}

/**
 * Bundles the workflows into a file; if two processes do it at the same time, each writes a complete file.
 */
export async function writeWorkflowBundle(codePath: string): Promise<void> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(ROOT, 'workflows', `index.${extension}`),
    logger: quietLogger,
  });
  await mkdir(join(codePath, '..'), { recursive: true });
  const temporary = `${codePath}.${process.pid}`;
  await writeFile(temporary, code);
  await rename(temporary, codePath);
}

async function hashSources(): Promise<string> {
  const hash = createHash('sha256');
  for (const folder of SOURCES) {
    const names = (await readdir(join(ROOT, folder), { recursive: true })).filter((name) =>
      /\.[jt]s$/.test(name),
    );
    for (const name of names.sort()) hash.update(name).update(await readFile(join(ROOT, folder, name)));
  }
  // A lock file changes with the SDK that the bundle contains.
  hash.update(await readFile(join(ROOT, 'package-lock.json')).catch(() => ''));
  return hash.digest('hex').slice(0, 32);
}

const ignore = (): void => {};
const quietLogger = {
  log: ignore,
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
};
