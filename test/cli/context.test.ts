import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import { runCommand } from './run-command.ts';

const home = mkdtempSync(join(tmpdir(), 'windlass-contexts-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const toml = join(home, 'temporal.toml');
writeFileSync(toml, '[profile.production]\naddress = "temporal.example:7233"\nnamespace = "ours"\n');
const env = { WINDLASS_HOME: home, TEMPORAL_CONFIG_FILE: toml };

describe('contexts', () => {
  test('are shown, chosen and given up without a server', async () => {
    const shown = await runCommand(['context', 'show', '--json'], { env });
    expect(JSON.parse(shown.stdout)).toMatchObject({ address: 'localhost:7233', namespace: 'default', home });
    const chosen = await runCommand(['context', 'use', 'production'], { env });
    expect(chosen).toMatchObject({ exitCode: 0, connected: false });
    expect(chosen.stdout).toBe(
      'commands act on temporal.example:7233, namespace ours (profile production of temporal.toml)\n',
    );
    const listed = await runCommand(['context', 'list', '--json'], { env });
    expect(JSON.parse(listed.stdout)).toEqual([
      { name: 'production', address: 'temporal.example:7233', namespace: 'ours', current: true },
    ]);
    await runCommand(['context', 'use'], { env });
    const after = await runCommand(['context', 'show'], { env });
    expect(after.stdout).toBe(
      `localhost:7233, namespace default (the default address; no stack of ${home} runs)\n`,
    );
  });

  test('that do not exist are refused, and the choice stays', async () => {
    const { exitCode, stderr } = await runCommand(['context', 'use', 'prodution'], { env });
    expect(exitCode).toBe(5);
    expect(stderr).toContain('available: production');
    const { stdout } = await runCommand(['context', 'show'], { env });
    expect(stdout).toContain('localhost:7233');
  });
});

describe('where a command acts', () => {
  const line = 'on server.test:7233, namespace default (the test)\n';
  const client = { jobs: { cancel: async () => ({ jobId: 'j-1', status: 'working' }) as never } };

  test('is told on a terminal by what changes something', async () => {
    const { stderr } = await runCommand(['job', 'cancel', 'j-1'], { client, terminal: true });
    expect(stderr).toBe(line);
  });

  test.each([
    ['in a pipe', [], false],
    ['with --json', ['--json'], true],
  ])('is not told %s', async (_name, more, terminal) => {
    const { stderr } = await runCommand(['job', 'cancel', 'j-1', ...more], { client, terminal });
    expect(stderr).toBe('');
  });

  test('is not told by what only looks', async () => {
    const looking = { jobs: { list: async () => [] } };
    const { stderr } = await runCommand(['job', 'list'], { client: looking, terminal: true });
    expect(stderr).toBe('');
  });

  test('is told by every command that changes something', () => {
    const silent = COMMANDS.flatMap((entry) =>
      'commands' in entry
        ? entry.commands
            .filter(({ changes }) => changes !== true)
            .map((command) => `${entry.name} ${command.name}`)
        : [],
    );
    const looks = ['list', 'describe', 'validate', 'zones', 'subnets', 'vpc', 'conf', 'metadata', 'watch'];
    // Keys are files of this machine, contexts too.
    const others = silent.filter((name) => !/^(keys|context) /.test(name));
    expect(others.filter((name) => !looks.includes(name.split(' ')[1] ?? ''))).toEqual(['job history']);
  });
});
