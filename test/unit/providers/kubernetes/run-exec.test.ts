import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createConnector } from '../../../../src/providers/kubernetes/api/connection.ts';
import { runExecPlugin } from '../../../../src/providers/kubernetes/api/run-exec.ts';
import { kubeconfigOf } from './kubeconfig-kit.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-exec-test-'));
  mkdirSync(join(folder, 'bin'));
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  vi.stubEnv('PATH', `${join(folder, 'bin')}:/usr/bin:/bin`);
  vi.stubEnv('DATABASE_URL', 'postgres://planted');
  vi.stubEnv('AWS_PROFILE', 'planted');
  vi.stubEnv('AWS_SESSION_TOKEN', 'planted');
  vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:1');
  vi.stubEnv('HOME', join(folder, 'home-of-worker'));
});

function writeAws(script: string): void {
  writeFileSync(join(folder, 'bin', 'aws'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

const PLUGIN = { command: 'aws', args: ['eks', 'get-token'], env: { AWS_ACCESS_KEY_ID: 'A' } };
const ANSWER =
  '{"kind":"ExecCredential","status":{"token":"given-1","expirationTimestamp":"2099-01-01T00:00:00Z"}}';

describe('an exec plugin', () => {
  it('is started with its own words and variables, an empty home and nothing else of the worker', async () => {
    const seen = join(folder, 'seen');
    writeAws(`{ env; pwd; ls -A "$HOME"; echo "args $*"; } > '${seen}'; echo '${ANSWER}'`);
    expect(await runExecPlugin(PLUGIN)).toMatchObject({ token: 'given-1', certificate: null });
    const lines = readFileSync(seen, 'utf8').trim().split('\n');
    expect(lines).not.toContainEqual(expect.stringContaining('planted'));
    const names = lines.flatMap((line) => /^([A-Z_]+)=/.exec(line)?.[1] ?? []);
    const ofShell = ['PWD', 'OLDPWD', 'SHLVL', '_'];
    expect(names.filter((name) => !ofShell.includes(name)).sort()).toEqual(
      ['AWS_ACCESS_KEY_ID', 'HOME', 'PATH', 'TMPDIR'].sort(),
    );
    const home = lines.find((line) => line.startsWith('HOME='))?.slice('HOME='.length) ?? '';
    expect(lines.slice(-2)).toEqual([home, 'args eks get-token']);
    expect(existsSync(home)).toBe(false);
  });

  it('is asked once for all that wait, and not again while its token holds', async () => {
    const count = join(folder, 'count');
    writeAws(`echo x >> '${count}'; echo '${ANSWER}'`);
    const user = {
      exec: {
        apiVersion: 'client.authentication.k8s.io/v1',
        command: 'aws',
        args: ['eks', 'get-token', '--cluster-name', 'shop'],
        env: [
          { name: 'AWS_ACCESS_KEY_ID', value: 'A' },
          { name: 'AWS_SECRET_ACCESS_KEY', value: 'B' },
        ],
      },
    };
    const connect = createConnector({ allowedExec: ['aws'], allowInCluster: false });
    const connection = await connect({
      url: '',
      credential: { document: JSON.stringify(kubeconfigOf({ user })) },
    });
    expect(existsSync(count)).toBe(false);
    await Promise.all([connection.authenticate(), connection.authenticate()]);
    expect(await connection.authenticate()).toMatchObject({ token: 'given-1' });
    expect(readFileSync(count, 'utf8')).toBe('x\n');
  });

  it.each<[string, string, string]>([
    ['fails', 'echo planted >&2; echo planted; exit 3', 'exit code 3'],
    ['answers no JSON', 'echo planted', 'ExecCredential'],
    ['answers nothing', 'true', 'ExecCredential'],
    ['answers null', 'echo null', 'no token'],
    ['gives no token', `echo '{"status":{}}'`, 'no token'],
    [
      'gives a token that is two headers',
      `printf '{"status":{"token":"planted\\\\r\\\\nX: y"}}'`,
      'no token',
    ],
    ['writes without end', 'exec cat /dev/zero', 'more than 256 KiB'],
    ['never ends', 'sleep 100 & sleep 100', 'longer than'],
    ['leaves a child that never ends', 'setsid sleep 3 & sleep 100', 'longer than'],
  ])('that %s is told as that, without its words', async (_, script, said) => {
    writeAws(script);
    const limitMs = script.includes('sleep') ? 300 : 30_000;
    const error: unknown = await runExecPlugin(PLUGIN, limitMs).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      kind: 'permission',
      code: 'KUBERNETES_EXEC_FAILED',
      message: expect.stringContaining(said),
    });
    expect(String(error)).not.toContain('planted');
  });

  it('that is not installed is told as that', async () => {
    await expect(runExecPlugin({ ...PLUGIN, command: 'aws-iam-authenticator' })).rejects.toMatchObject({
      code: 'KUBERNETES_EXEC_FAILED',
      message: expect.stringContaining('not installed'),
    });
  });
});
