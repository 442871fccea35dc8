// npm run replay -- FILE…: replays histories saved by `windlass job history` against this checkout.
import { DeterminismViolationError } from '@temporalio/workflow';
import { readHistory, replayHistory } from './replay-history.ts';

const files = process.argv.slice(2);
if (files.length === 0) {
  process.stderr.write('name the histories to replay: npm run replay -- FILE…\n');
  process.exit(2);
}
let failed = 0;
for (const file of files) {
  try {
    await replayHistory(await readHistory(file));
    process.stdout.write(`ok      ${file}\n`);
  } catch (error) {
    failed += 1;
    const why = error instanceof DeterminismViolationError ? 'the workflow code no longer fits it: ' : '';
    process.stdout.write(
      `failed  ${file}: ${why}${error instanceof Error ? error.message : String(error)}\n`,
    );
  }
}
process.exit(failed === 0 ? 0 : 1);
