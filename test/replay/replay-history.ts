import { readFile } from 'node:fs/promises';
import { Worker } from '@temporalio/worker';
import { openWorkflowBundle } from '../../src/worker/index.ts';
import { findCacheFolder } from '../../src/config/index.ts';

type History = Parameters<typeof Worker.runReplayHistory>[1];

/** Replays one saved history against the workflows as they are now. @throws DeterminismViolationError */
export async function replayHistory(history: History, codePath?: string): Promise<void> {
  const workflowBundle =
    codePath === undefined ? await openWorkflowBundle(findCacheFolder(process.env)) : { codePath };
  await Worker.runReplayHistory({ workflowBundle }, history);
}

/** A history as `windlass job history` prints it. */
export async function readHistory(file: string): Promise<History> {
  return JSON.parse(await readFile(file, 'utf8')) as History;
}
