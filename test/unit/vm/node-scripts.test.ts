import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  buildApplyCommand,
  buildCompareCommand,
  buildStopCommand,
} from '../../../src/vm/node-tasks/confd.ts';
import { buildSshKeysScript, toAlgorithm } from '../../../src/vm/node-tasks/generate-ssh-keys.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-scripts-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const hasKeygen = spawnSync('sh', ['-c', 'command -v ssh-keygen']).status === 0;

describe.skipIf(!hasKeygen)(`ssh keys${hasKeygen ? '' : ' (skipped: ssh-keygen is not installed)'}`, () => {
  const generate = (): string => {
    const { stdout, stderr, status } = spawnSync('sh', ['-c', buildSshKeysScript(folder, 'ed25519')], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return stdout;
  };

  it('are made once, and the same public half is printed every time', () => {
    const first = generate();
    expect(first).toMatch(/^ssh-ed25519 \S+/);
    expect(generate()).toBe(first);
    const file = join(folder, 'root/.ssh/id_ed25519');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(`${file}.pub`, 'utf8')).toBe(first);
  });

  it('of a kind that cannot be made are refused', () => {
    expect(toAlgorithm('ssh-dsa')).toBe('rsa');
    expect(() => toAlgorithm('$(reboot)')).toThrow(expect.objectContaining({ code: 'KEY_TYPE' }));
  });
});

const canUnshare = process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0;

// With an /etc and a /var of its own, and a confd that writes down how it was called.
describe.skipIf(!canUnshare)(
  `confd${canUnshare ? '' : ' (skipped: needs root and mount namespaces)'}`,
  () => {
    beforeEach(() => {
      for (const path of ['etc/confd/conf.d', 'etc/windlass', 'var', 'bin']) {
        mkdirSync(join(folder, path), { recursive: true });
      }
      writeFileSync(join(folder, 'etc/windlass/metadata.json'), '{"self": {}}');
      writeFileSync(
        join(folder, 'bin/confd'),
        `#!/bin/sh\necho "$*" >> '${folder}/calls'\nexit $(cat '${folder}/exit')\n`,
      );
      chmodSync(join(folder, 'bin/confd'), 0o755);
      writeFileSync(join(folder, 'exit'), '0');
    });

    const onNode = (command: string): { readonly status: number | null; readonly stdout: string } => {
      const { status, stdout } = spawnSync(
        'unshare',
        [
          '-m',
          'sh',
          '-c',
          `mount --bind '${folder}/etc' /etc; mount --bind '${folder}/var' /var; ${command}`,
        ],
        { encoding: 'utf8', env: { PATH: `${folder}/bin:${process.env['PATH'] ?? ''}` } },
      );
      return { status, stdout: stdout.trim() };
    };

    it('is run once for each content, and again after a stop', () => {
      expect(onNode(buildCompareCommand()).stdout).toBe('stale');
      expect(onNode(buildApplyCommand('/self')).status).toBe(0);
      expect(readFileSync(join(folder, 'calls'), 'utf8')).toBe(
        '-onetime -backend file -file /etc/windlass/metadata.json -confdir /etc/confd -prefix /self\n',
      );
      expect(onNode(buildCompareCommand()).stdout).toBe('current');
      writeFileSync(join(folder, 'etc/windlass/metadata.json'), '{"self": {"env": {}}}');
      expect(onNode(buildCompareCommand()).stdout).toBe('stale');
      onNode(buildApplyCommand('/self'));
      expect(onNode(buildStopCommand('')).status).toBe(0);
      expect(onNode(buildCompareCommand()).stdout).toBe('stale');
    });

    it('that failed has applied nothing', () => {
      writeFileSync(join(folder, 'exit'), '3');
      expect(onNode(buildApplyCommand('/self')).status).toBe(3);
      expect(onNode(buildCompareCommand()).stdout).toBe('stale');
    });

    it('is not asked for where the image has none', () => {
      rmSync(join(folder, 'etc/confd'), { recursive: true });
      expect(onNode(buildCompareCommand()).stdout).toBe('current');
      expect(existsSync(join(folder, 'calls'))).toBe(false);
    });
  },
);
