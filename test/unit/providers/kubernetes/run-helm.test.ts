import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { runHelm, type HelmRun } from '../../../../src/providers/kubernetes/helm/run-helm.ts';

const PATIENT_MS = 60_000;

/** Runs a script of Node in the place of helm. */
function run(script: string, more: Partial<HelmRun> = {}): Promise<unknown> {
  return runHelm({
    program: { path: process.execPath, version: '4.0.0', major: 4 },
    args: ['-e', script],
    env: {},
    cwd: tmpdir(),
    signal: new AbortController().signal,
    timeoutMs: PATIENT_MS,
    ...more,
  });
}

const HUNGRY = `const kept = [];
setInterval(() => { if (kept.length < 100) kept.push(Buffer.alloc(10_000_000, 1)); }, 20);`;

it.runIf(process.platform === 'linux')(
  'helm is killed when it takes too much memory, and says so',
  async () => {
    await expect(run(HUNGRY, { memoryBytes: 200 * 1024 * 1024 })).rejects.toMatchObject({
      kind: 'invalid-input',
      code: 'HELM_MEMORY',
      message: expect.stringContaining('200 MiB') as string,
    });
  },
);

it('helm that takes less is left alone', async () => {
  await expect(run('setTimeout(() => console.log("done"), 300)')).resolves.toMatchObject({
    exitCode: 0,
    stdout: 'done\n',
  });
});

it('a chart that renders without end is refused, not cut', async () => {
  await expect(
    run("for (let i = 0; i < 100; i += 1) console.log('x'.repeat(100_000))"),
  ).rejects.toMatchObject({
    kind: 'invalid-input',
    code: 'HELM_OUTPUT',
  });
});
