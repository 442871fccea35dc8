import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { TASK_ACTIONS } from '../../src/domain/index.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

function listFiles(folder: string, ending: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending) && !name.includes('node_modules'))
    .map((name) => join(folder, name));
}

describe('the tree', () => {
  it('says in every folder of src what lives there', () => {
    const folders = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    const silent = folders
      .map((entry) => entry.name)
      .filter((name) => !existsSync(join(ROOT, 'src', name, 'README.md')));
    expect(silent).toEqual([]);
  });

  it('says in test/README.md and in CONTRIBUTING.md what every folder of test is for', () => {
    const folders = readdirSync(join(ROOT, 'test'), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    const readme = readFileSync(join(ROOT, 'test/README.md'), 'utf8');
    const contributing = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
    const isNamed = (name: string): boolean =>
      new RegExp(`\\| .*\`${name}[/\`]`).test(readme) &&
      new RegExp(`^\\| .*\`test/${name}\``, 'm').test(contributing);
    expect(folders.map(({ name }) => name).filter((name) => !isNamed(name))).toEqual([]);
  });

  it('explains every error code in docs/errors.md', () => {
    const documented = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8');
    const sources = ['src', 'activities', 'workflows'].flatMap((folder) => listFiles(folder, '.ts'));
    const codes = new Set<string>();
    for (const file of sources) {
      const text = readFileSync(join(ROOT, file), 'utf8');
      for (const [, code] of text.matchAll(/\bcode: '([A-Z][A-Z0-9_]{3,})'/g)) codes.add(code ?? '');
    }
    expect(codes.size).toBeGreaterThan(30);
    expect([...codes].filter((code) => !documented.includes(`\`${code}\``)).sort()).toEqual([]);
  });

  it('installs no second copy of the protobufjs that Temporal uses, or no JSON history replays', () => {
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    // Not one for development only: an installed windlass could not print a history without it.
    expect(dependencies).toHaveProperty('protobufjs');
    const copies = findProtobufs(join(ROOT, 'node_modules'));
    expect(copies.filter((version) => version.startsWith('8.'))).toHaveLength(1);
  });

  it('locks every optional package, or npm ci refuses the lock file (npm run lock)', () => {
    const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>;
    };
    const wanted = Object.values(packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}));
    const locked = Object.keys(packages);
    expect(wanted.filter((name) => !locked.some((path) => path.endsWith(`node_modules/${name}`)))).toEqual(
      [],
    );
  });

  it('names no task action twice, and none that could be taken for a wait', () => {
    const names = Object.keys(TASK_ACTIONS);
    expect(names.filter((name) => name.startsWith('Wait'))).toEqual([]);
  });
});

function findProtobufs(folder: string): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const path = join(folder, entry.name);
    if (entry.name === 'protobufjs') {
      found.push(
        (JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as { version: string }).version,
      );
    }
    if (entry.name.startsWith('@')) found.push(...findProtobufs(path));
    else if (existsSync(join(path, 'node_modules'))) found.push(...findProtobufs(join(path, 'node_modules')));
  }
  return found;
}
