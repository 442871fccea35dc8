import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';

const WORKFLOWS = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));

describe('the bundle of the workflows', () => {
  it('holds every workflow and no module with I/O', async () => {
    const { code } = await bundleWorkflowCode({ workflowsPath: WORKFLOWS });
    expect(code).toContain('runJob');
    expect(code).toContain('walkSlice');
    for (const name of ['node:fs', 'node:crypto', 'src/db/', 'src/provider/', 'src/nodes/']) {
      expect(code).not.toContain(name);
    }
  });

  it('cannot be made of a workflow that reads files', async () => {
    const said: string[] = [];
    const note = (message: string): number => said.push(message);
    const logger = { log: note, trace: note, debug: note, info: note, warn: note, error: note };
    await bundleWorkflowCode({ workflowsPath: fixture('harmless'), logger });
    await expect(bundleWorkflowCode({ workflowsPath: fixture('reads-files'), logger })).rejects.toThrow();
    expect(said.join('\n')).toMatch(/fs/);
  });
});

function fixture(name: string): string {
  return fileURLToPath(new URL(`./fixtures/${name}.ts`, import.meta.url));
}
