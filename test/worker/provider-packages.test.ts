import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/index.ts';
import { loadProviders } from '../../src/worker/load-providers.ts';

const folder = mkdtempSync(join(tmpdir(), 'windlass-packages-'));
const file = join(folder, 'provider.mjs');
writeFileSync(
  file,
  `export default ({ nodes }) => ({
    contractVersion: 2,
    name: 'packaged',
    capabilities: { hasNodes: typeof nodes.ping === 'function' },
    splitJobIntoTasks() {},
    handleSubtask() {},
  });\n`,
);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function load(name: string) {
  const { registry, nodes } = await loadProviders(
    loadConfig({ WINDLASS_HOME: folder, WINDLASS_PROVIDERS: name }),
  );
  await nodes.close();
  return registry.get('packaged');
}

it.each([
  ['the current folder', relative(process.cwd(), file)],
  ['the root', file],
])('a provider is loaded from a file named by its path from %s', async (_from, path) => {
  expect((await load(path)).capabilities).toEqual({ hasNodes: true });
});

it('a path at which there is no provider is refused, and the message names the file that was tried', async () => {
  await expect(load(`${relative(process.cwd(), file)}.gone`)).rejects.toMatchObject({
    code: 'PROVIDER_PACKAGE',
    message: expect.stringContaining(`${file}.gone`) as unknown,
  });
});
