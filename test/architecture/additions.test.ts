import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A change of one file: what stands there, and what stands there afterwards. */
type Edits = Readonly<Record<string, readonly (readonly [before: string, after: string])[]>>;

const JOB_ACTION: Edits = {
  'src/domain/actions.ts': [
    [
      '} as const satisfies Record<string, JobActionFacts>;',
      `  pause: { from: ['active'], transition: 'stopping', to: 'active', spec: 'same', needs: 'nothing' },
} as const satisfies Record<string, JobActionFacts>;`,
    ],
  ],
  'src/vm/vm-actions.ts': [
    [
      '  delete: { layersOf: layersOfDelete },',
      '  delete: { layersOf: layersOfDelete },\n  pause: { layersOf: (scope) => [createWarmUpLayer(scope.staying)] },',
    ],
    [
      'import type { PlanScope }',
      "import { createWarmUpLayer } from './layers/node-layers.ts';\nimport type { PlanScope }",
    ],
  ],
  'src/cli/commands/cluster-changes.ts': [
    [
      'const stop = createJobCommand(',
      `const pause = createJobCommand('pause', 'Pause a cluster', (client, cluster, input) =>
  client.clusters.run(cluster, 'pause', readRequestId(input)),
);

const stop = createJobCommand(`,
    ],
    ['  cease,\n', '  cease,\n  pause,\n'],
  ],
};

const TASK_ACTION: Edits = {
  'src/domain/task-actions.ts': [
    [
      '} as const satisfies Record<string, TaskActionFacts>;',
      `  WarmUpNode: { by: 'node', directive: NO_DIRECTIVE },
} as const satisfies Record<string, TaskActionFacts>;`,
    ],
  ],
  'src/vm/node-tasks/index.ts': [
    [
      "    ['PrepareNode', ",
      "    ['WarmUpNode', forNode(createPrepareNodeTask(nodes))],\n    ['PrepareNode', ",
    ],
  ],
  'src/vm/layers/node-layers.ts': [
    [
      '/** The metadata is not applied any more;',
      `export function createWarmUpLayer(nodes: readonly PlannedNode[]): LayerStep {
  return createNodeLayer('WarmUpNode', nodes, () => ({}));
}

/** The metadata is not applied any more;`,
    ],
  ],
};

const COLUMN: Edits = {
  'src/domain/cluster.ts': [
    [
      '  readonly metadataRootAccess: boolean;',
      '  readonly metadataRootAccess: boolean;\n  readonly remark: string;',
    ],
  ],
  'src/db/rows.ts': [
    ["  metadataRootAccess: 'boolean',", "  metadataRootAccess: 'boolean',\n  remark: 'text',"],
  ],
  // In a copy of the tree that has no database yet; elsewhere it is a migration of its own.
  'src/db/migrations/0001-first-tables.ts': [
    [
      'metadata_root_access boolean not null,',
      'metadata_root_access boolean not null,\n      remark text not null,',
    ],
  ],
  'src/app-package/read-cluster-spec.ts': [
    [
      "    metadataRootAccess: reader.flag('metadata_root_access') ?? false,",
      "    metadataRootAccess: reader.flag('metadata_root_access') ?? false,\n    remark: '',",
    ],
  ],
  'src/providers/kubernetes/parse-chart-conf.ts': [
    ['      metadataRootAccess: false,', "      metadataRootAccess: false,\n      remark: '',"],
  ],
};

let copy: string;

function run(...args: readonly string[]): string {
  return execFileSync(process.execPath, args, { cwd: copy, encoding: 'utf8' });
}

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'windlass-additions-'));
  for (const folder of ['src', 'activities', 'workflows', 'package.json'])
    cpSync(join(ROOT, folder), join(copy, folder), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  const { compilerOptions } = JSON.parse(readFileSync(join(ROOT, 'tsconfig.json'), 'utf8')) as {
    compilerOptions: object;
  };
  const settings = { ...compilerOptions, incremental: false, tsBuildInfoFile: undefined };
  writeFileSync(
    join(copy, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: settings, include: ['src', 'activities', 'workflows'] }),
  );
  for (const [file, edits] of [JOB_ACTION, TASK_ACTION, COLUMN].flatMap((part) => Object.entries(part))) {
    let text = readFileSync(join(copy, file), 'utf8');
    for (const [before, after] of edits) {
      if (!text.includes(before)) throw new Error(`${file} no longer has ${before}: say where it is now`);
      text = text.replace(before, after);
    }
    writeFileSync(join(copy, file), text);
  }
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

describe('what is added to a copy of the tree', () => {
  it('is three files for a job action of clouds of machines, three for a task action, five for a column', () => {
    expect(Object.keys(JOB_ACTION)).toHaveLength(3);
    expect(Object.keys(TASK_ACTION)).toHaveLength(3);
    expect(Object.keys(COLUMN)).toHaveLength(5);
  });

  it('is named by CONTRIBUTING.md', () => {
    const page = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
    const files = [JOB_ACTION, TASK_ACTION, COLUMN].flatMap((part) => Object.keys(part));
    // A migration is a file of its own.
    expect(files.filter((file) => !page.includes(file.replace(/migrations\/.*/, 'migrations')))).toEqual([]);
  });

  it('is all that the compiler asks for: nothing else lists actions or columns', { timeout: 600_000 }, () => {
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    expect(() => run(compiler, '-p', copy, '--noEmit')).not.toThrow();
  });

  it('is known to the frame, the command, the checks and the rows', { timeout: 120_000 }, () => {
    const script = `
      const { vmCapabilities } = await import('./src/vm/index.ts');
      const { findCoreFacts, JOB_ACTION_NAMES } = await import('./src/domain/index.ts');
      const { clusterRows } = await import('./src/db/rows.ts');
      const { CLUSTER_CHANGES } = await import('./src/cli/commands/cluster-changes.ts');
      console.log(JSON.stringify({
        capable: vmCapabilities({ nodeAccess: 'direct' }).actions.includes('pause'),
        known: JOB_ACTION_NAMES.includes('pause'),
        command: CLUSTER_CHANGES.some(({ name }) => name === 'pause'),
        task: findCoreFacts('WarmUpNode')?.by,
        column: clusterRows.toRow({ remark: 'kept' }).remark,
      }));`;
    expect(JSON.parse(run('--input-type=module', '--eval', script))).toEqual({
      capable: true,
      known: true,
      command: true,
      task: 'node',
      column: 'kept',
    });
  });
});
