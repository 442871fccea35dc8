import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { renderConfigurationPage } from './configuration-page.ts';

it('docs/configuration.md says of every variable what the code says', async () => {
  const page = fileURLToPath(new URL('../../docs/configuration.md', import.meta.url));
  await expect(renderConfigurationPage()).toMatchFileSnapshot(page);
});
