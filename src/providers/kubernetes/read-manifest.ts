import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { MAX_MANIFEST_READ_MEMORY_MIB, MAX_MANIFEST_READ_MS, WindlassError } from '../../domain/index.ts';
import type { KubeObject } from './api/kube-types.ts';
import type { ManifestAnswer } from './manifest-thread.ts';
import { parseManifest } from './manifest.ts';

/** Shorter ones take a few hundredths of a second at most, about the time that a thread takes to start. */
const SHORT_CHARACTERS = 64 * 1024;
/** The limits of time and memory for reading one manifest. */
export interface ReadLimits {
  readonly timeoutMs: number;
  readonly memoryMiB: number;
}

const LIMITS: ReadLimits = { timeoutMs: MAX_MANIFEST_READ_MS, memoryMiB: MAX_MANIFEST_READ_MEMORY_MIB };
/** The sources are TypeScript; a build has JavaScript. */
const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

/**
 * The objects of a manifest, as parseManifest returns them. A long one is read in a thread: a chart can
 * print megabytes, and the event loop of a worker must not be blocked by them.
 *
 * @throws what parseManifest throws; invalid-input `CHART_RENDER` for one that takes too much time or
 * memory.
 */
export async function readManifest(
  text: string,
  { timeoutMs, memoryMiB }: ReadLimits = LIMITS,
): Promise<readonly KubeObject[]> {
  if (text.length <= SHORT_CHARACTERS) return parseManifest(text);
  const thread = new Worker(new URL(`./manifest-thread${EXTENSION}`, import.meta.url), {
    workerData: text,
    resourceLimits: { maxOldGenerationSizeMb: memoryMiB },
  });
  // A thread that runs out of memory after its timeout must not end the process.
  thread.on('error', () => undefined);
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), timeoutMs);
  try {
    const [answer] = (await once(thread, 'message', { signal: limit.signal })) as [ManifestAnswer];
    if ('error' in answer) throw WindlassError.fromInfo(answer.error);
    return answer.objects;
  } catch (error) {
    if (limit.signal.aborted) throw overLimit(text, `${timeoutMs / 1000} s`);
    if (isOutOfMemory(error)) throw overLimit(text, `${memoryMiB} MiB of memory`);
    throw error;
  } finally {
    clearTimeout(timer);
    await thread.terminate();
  }
}

/**
 * The objects of several manifests, read one after another: each may take a thread and its memory. @throws
 * as readManifest.
 */
export async function readManifests(texts: readonly string[]): Promise<readonly (readonly KubeObject[])[]> {
  const read: (readonly KubeObject[])[] = [];
  for (const text of texts) read.push(await readManifest(text));
  return read;
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}

function overLimit(text: string, limit: string): WindlassError {
  return new WindlassError(
    'invalid-input',
    `the manifest of ${text.length} characters takes more than ${limit} to read`,
    { code: 'CHART_RENDER', hint: 'split the chart, or reduce the number and size of its objects' },
  );
}
