import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const PROBE = fileURLToPath(new URL('./aws-probe.ts', import.meta.url));
const LIMIT_MS = 60_000;

/** Modules of AWS's SDK that a worker of its own has loaded, before and after its first use of AWS. */
function probe(): { readonly before: readonly string[]; readonly after: readonly string[] } {
  return JSON.parse(
    execFileSync(process.execPath, [PROBE], { encoding: 'utf8', timeout: LIMIT_MS }),
  ) as ReturnType<typeof probe>;
}

test('a worker without a runtime of AWS loads nothing of its SDK', { timeout: LIMIT_MS }, () => {
  const { before, after } = probe();
  expect(before).toEqual([]);
  // What would be seen if it did.
  expect(after).toContain('@aws-sdk/client-sts');
});
