import assert from 'node:assert/strict';
import type { TraitContext } from '../trait-context.ts';

/**
 * No secret in anything that the provider let out during all the tests before: logs, stdout, stderr,
 * errors with their causes and stacks, results, observations, cursors, answers. Runs last.
 */
export function secrets({ it, life, transcript, readOutput, withBench }: TraitContext): void {
  it('R9 no function: lets a secret into a log, an error or a result', () =>
    withBench(async (bench) => {
      await bench.engine.run(bench.task(life.make));
      assert.ok(transcript.planted().length > 0, 'the harness planted no secret: nothing was looked for');
      assert.deepEqual(
        transcript.findLeaks(`${bench.harness.logs()}\n${readOutput()}`),
        [],
        'secrets are in',
      );
    }));
}
