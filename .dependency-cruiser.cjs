'use strict';

// The import rule: downward only. A level may import those below it, and itself; from outside a
// folder only its index.ts is imported. What client, workflows and activities say to each other stands in
// `protocol`: none of the three imports another.

const DOMAIN = '^src/domain/';
const LEVELS = [
  { name: 'domain', folders: ['domain'], mayImport: [] },
  { name: 'protocol', folders: ['protocol'], mayImport: ['domain'] },
  { name: 'provider', folders: ['provider'], mayImport: ['domain'] },
  { name: 'bounds', folders: ['bounds'], mayImport: ['domain'] },
  { name: 'confd', folders: ['confd'], mayImport: ['domain', 'bounds'] },
  { name: 'masking', folders: ['masking'], mayImport: ['domain'] },
  { name: 'helm-yaml', folders: ['helm-yaml'], mayImport: ['domain'] },
  {
    name: 'environment',
    folders: ['config'],
    mayImport: ['domain', 'masking'],
  },
  {
    name: 'foundation',
    folders: ['plan', 'db', 'secrets', 'nodes', 'observability', 'tools'],
    mayImport: ['domain', 'masking', 'config'],
  },
  { name: 'wanted', folders: ['wanted'], mayImport: ['domain', 'plan'] },
  { name: 'packages', folders: ['app-package'], mayImport: ['domain', 'bounds', 'confd'] },
  {
    name: 'charts',
    folders: ['chart-package'],
    mayImport: ['domain', 'bounds', 'helm-yaml', 'app-package', 'plan'],
  },
  {
    name: 'frame',
    folders: ['provider-utils', 'vm'],
    mayImport: [
      'domain',
      'provider',
      'plan',
      'db',
      'secrets',
      'nodes',
      'masking',
      'confd',
      'app-package',
      'config',
      'observability',
      'provider-utils',
      'vm',
    ],
  },
  {
    name: 'providers',
    folders: ['providers'],
    mayImport: [
      'domain',
      'provider',
      'provider-utils',
      'vm',
      'plan',
      'nodes',
      'masking',
      'helm-yaml',
      'app-package',
      'chart-package',
      'secrets',
      'observability',
      'tools',
      'providers',
    ],
  },
  {
    name: 'task-runner',
    folders: ['task-runner'],
    mayImport: ['domain', 'provider'],
  },
  {
    name: 'client',
    folders: ['client'],
    mayImport: ['domain', 'protocol', 'config', 'secrets', 'app-package', 'chart-package', 'client'],
  },
  {
    name: 'conformance',
    folders: ['conformance'],
    mayImport: [
      'domain',
      'provider',
      'provider-utils',
      'vm',
      'plan',
      'nodes',
      'app-package',
      'secrets',
      'task-runner',
      'wanted',
      'conformance',
    ],
  },
];

function toFolderPattern(folders) {
  return `^src/(${folders.join('|')})/`;
}

const levelRules = LEVELS.flatMap(({ name, folders, mayImport }) =>
  folders.map((folder) => ({
    name: `level-${name}-${folder}`,
    comment: `src/${folder} may import ${[...mayImport, folder].join(', ')} only`,
    severity: 'error',
    from: { path: `^src/${folder}/` },
    to: {
      path: '^(src|workflows|activities)/',
      pathNot: [toFolderPattern([...new Set([...mayImport, folder])])],
    },
  })),
);

module.exports = {
  forbidden: [
    ...levelRules,
    {
      name: 'domain-is-pure',
      comment: 'src/domain holds words only: no library, no built-in',
      severity: 'error',
      from: { path: DOMAIN },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer'] },
    },
    {
      name: 'workflows-are-started-by-name',
      comment: 'what starts, signals or serves a workflow knows its messages, never its code',
      severity: 'error',
      from: { path: '^(src|activities)/' },
      to: { path: '^workflows/' },
    },
    {
      name: 'providers-are-strangers',
      comment: 'a provider never sees another one, the database or Temporal',
      severity: 'error',
      from: { path: '^src/providers/([^/]+)/' },
      to: {
        path: ['^src/providers/(?!index)', '^src/db/', 'node_modules/@temporalio/'],
        pathNot: '^src/providers/$1/',
      },
    },
    {
      name: 'workflows-are-deterministic',
      comment: 'a workflow sees domain, plan, protocol, its own folder and the SDK’s workflow package',
      severity: 'error',
      from: { path: '^workflows/' },
      to: {
        pathNot: [
          '^workflows/',
          '^src/(domain|plan|protocol)/',
          'node_modules/@temporalio/(workflow|common)/',
        ],
      },
    },
    {
      name: 'protocol-is-light',
      comment: 'workflows and clients load it whole: of libraries only what both load anyway',
      severity: 'error',
      from: { path: '^src/protocol/' },
      to: {
        dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer'],
        pathNot: 'node_modules/@temporalio/common/',
      },
    },
    {
      name: 'activities-name-no-provider',
      comment: 'providers arrive as arguments; the worker alone names concrete ones',
      severity: 'error',
      from: { path: '^activities/' },
      to: { path: '^src/(providers|client|cli|worker|embedded)/' },
    },
    {
      name: 'only-the-worker-names-providers',
      comment: 'a concrete provider is named in one place',
      severity: 'error',
      from: { path: '^(src|workflows|activities)/', pathNot: '^src/(worker|providers)/' },
      to: { path: '^src/providers/' },
    },
    {
      name: 'through-the-index-of-src',
      comment: 'from outside a folder only its index.ts is imported',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: {
        path: '^src/[^/]+/',
        pathNot: [
          '^src/$1/',
          '^src/providers/[^/]+/index\\.ts$',
          '^src/[^/]+/index\\.ts$',
          '^src/domain/[^/]+\\.ts$',
        ],
      },
    },
    {
      name: 'through-the-index-from-outside',
      comment: 'workflows and activities too import only the index.ts of a folder',
      severity: 'error',
      from: { path: '^(workflows|activities)/' },
      to: { path: '^src/[^/]+/', pathNot: ['^src/[^/]+/index\\.ts$', '^src/(domain|plan)/[^/]+\\.ts$'] },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-test-code',
      comment: 'what is shipped does not lean on what tests it',
      severity: 'error',
      from: { path: '^(src|workflows|activities)/' },
      to: { path: '^(test|bench)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
