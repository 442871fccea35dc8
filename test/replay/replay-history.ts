import { readFile } from 'node:fs/promises';
import { Worker } from '@temporalio/worker';
import { openWorkflowBundle } from '../../src/worker/index.ts';
import { findCacheFolder } from '../../src/config/index.ts';

type History = Parameters<typeof Worker.runReplayHistory>[1];

/** Replays one saved history against the workflows as they are now. @throws DeterminismViolationError */
export async function replayHistory(history: History, codePath?: string): Promise<void> {
  const workflowBundle =
    codePath === undefined ? await openWorkflowBundle(findCacheFolder(process.env)) : { codePath };
  await Worker.runReplayHistory({ workflowBundle }, history, findWorkflowId(history));
}

/** Slices are named after their job's workflow, so it must be replayed under its own id. */
function findWorkflowId(history: History): string | undefined {
  const { events } = history as { readonly events?: readonly { readonly [part: string]: unknown }[] };
  const started = events?.[0]?.['workflowExecutionStartedEventAttributes'];
  if (typeof started !== 'object' || started === null || !('workflowId' in started)) return undefined;
  return String(started.workflowId);
}

/** A history as `windlass job history` prints it. */
export async function readHistory(file: string): Promise<History> {
  return JSON.parse(await readFile(file, 'utf8')) as History;
}
