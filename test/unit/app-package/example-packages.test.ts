import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readPackageFolder, validatePackage } from '../../../src/app-package/index.ts';
import { confRequest, toContent, makeCluster } from './packages.ts';

const EXAMPLES = fileURLToPath(new URL('../../../examples', import.meta.url));
const packages = readdirSync(EXAMPLES, { withFileTypes: true }).filter((entry) => entry.isDirectory());

it.each(packages.map((entry) => entry.name))(
  'the example package %s has neither errors nor warnings, and three nodes by default',
  async (name) => {
    const files = await readPackageFolder(join(EXAMPLES, name));
    expect(validatePackage(files)).toMatchObject({ errors: [], warnings: [] });
    expect(makeCluster(confRequest(toContent(files), {})).nodes).toHaveLength(3);
  },
);
