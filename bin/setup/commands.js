'use strict';

/**
 * The repository's own commands: each a list of steps, run one after another until one fails.
 * A step is a tool of node_modules/.bin (`tool`) or a file that Node runs (`script`); `rest`:
 * the user's further arguments go to it.
 */
const COMMANDS = {
  format: [{ tool: 'oxfmt', args: ['.'], rest: true }],
  lint: [{ tool: 'oxlint', args: ['--type-aware', '--deny-warnings'], rest: true }],
  types: [{ tool: 'tsc', args: ['-p', '.'] }],
  imports: [
    { tool: 'depcruise', args: ['src', 'workflows', 'activities', '--config', '.dependency-cruiser.cjs'] },
  ],
  unused: [{ tool: 'knip', args: ['--no-progress'] }],
  build: [
    { script: 'bin/setup/remove-build.js', args: [] },
    { tool: 'tsc', args: ['-p', 'tsconfig.build.json'] },
    { script: 'dist/src/worker/build-workflow-bundle.js', args: [] },
  ],
  replay: [{ script: 'test/replay/replay-file.ts', args: [], rest: true }],
  bench: [{ script: 'bench/index.ts', args: [], rest: true }],
  prove: [{ script: 'test/faults/prove.ts', args: [], rest: true }],
  test: [
    { script: 'src/embedded/fetch-servers.ts', args: [] },
    {
      tool: 'vitest',
      args: ['run', '--reporter=default', '--reporter=./test/kit/closing-line-reporter.ts'],
      rest: true,
      closingLine: true,
    },
  ],
};

COMMANDS.verify = [
  { tool: 'oxfmt', args: ['--check', '.'] },
  ...COMMANDS.lint,
  ...COMMANDS.types,
  ...COMMANDS.imports,
  ...COMMANDS.unused,
  ...COMMANDS.build,
].map((step) => ({ ...step, rest: false }));

module.exports = { COMMANDS };
