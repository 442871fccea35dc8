import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readHistory, replayHistory } from './replay-history.ts';

const HISTORIES = fileURLToPath(new URL('./histories', import.meta.url));
const CHANGED = fileURLToPath(new URL('./changed/index.ts', import.meta.url));
const files = (await readdir(HISTORIES)).filter((name) => name.endsWith('.json')).sort();

/** One recorded history of each at least; more may come, none may go. */
const REQUIRED = ['create', 'stop', 'start', 'delete', 'cancelled', 'failed', 'wide', 'slice', 'life'];

describe('recorded histories', () => {
  it.each(REQUIRED)('hold a job that was recorded as %s', (scenario) => {
    expect(files.some((name) => name.includes(`-${scenario}-`))).toBe(true);
  });

  it.each(files)('%s replays against the workflows as they are', async (name) => {
    await replayHistory(await readHistory(join(HISTORIES, name)));
  });
});

describe('changed workflow code', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'windlass-replay-'));
    const { code } = await bundleWorkflowCode({ workflowsPath: CHANGED });
    await writeFile(join(folder, 'changed.js'), code);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is rejected as non-deterministic by a history of the code before', async () => {
    const [name] = files.filter((file) => file.includes('-create-'));
    const replayed = replayHistory(
      await readHistory(join(HISTORIES, name ?? '')),
      join(folder, 'changed.js'),
    );
    await expect(replayed).rejects.toBeInstanceOf(DeterminismViolationError);
  });

  it('is rejected for the workflow of a frontgate too', async () => {
    const [name] = files.filter((file) => file.startsWith('frontgate-life-'));
    const replayed = replayHistory(
      await readHistory(join(HISTORIES, name ?? '')),
      join(folder, 'changed.js'),
    );
    await expect(replayed).rejects.toBeInstanceOf(DeterminismViolationError);
  });
});
