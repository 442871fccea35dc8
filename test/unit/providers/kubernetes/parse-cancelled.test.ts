import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { Runtime } from '../../../../src/domain/index.ts';
import { parseChartConf } from '../../../../src/providers/kubernetes/parse-chart-conf.ts';

// Stands in for a helm that does not come to an end.
const SCRIPT = `#!/bin/sh
echo begun > "$(dirname "$0")/begun"
exec sleep 600
`;

const RUNTIME = { runtimeId: 'rt-1', zone: 'default', settings: {} } as unknown as Runtime;
const FILES = [
  {
    path: 'Chart.yaml',
    mode: 0o644,
    content: Buffer.from('apiVersion: v2\nname: slow\nversion: 1.0.0\n'),
  },
  { path: 'templates/one.yaml', mode: 0o644, content: Buffer.from('x: 1') },
];

test('a cancel ends helm while it renders a chart to be parsed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'windlass-parse-'));
  try {
    await writeFile(join(folder, 'helm'), SCRIPT);
    await chmod(join(folder, 'helm'), 0o755);
    const caller = new AbortController();
    const parsing = parseChartConf(
      {
        content: { versionId: 'v-1', files: FILES },
        runtime: RUNTIME,
        conf: {},
        clusterId: 'cl-1',
        signal: caller.signal,
      },
      async () => ({ path: join(folder, 'helm'), version: '4.3.1', major: 4 }),
    );
    parsing.catch(() => undefined);
    await vi.waitFor(() => stat(join(folder, 'begun')), { timeout: 20_000 });
    caller.abort();
    await expect(parsing).rejects.toMatchObject({ kind: 'cancelled' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
