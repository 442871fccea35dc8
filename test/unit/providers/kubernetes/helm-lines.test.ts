import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { takeOverArguments, type HelmProgram } from '../../../../src/providers/kubernetes/helm/run-helm.ts';
import { withWorkFolder } from '../../../../src/providers/kubernetes/helm/work-folder.ts';

const HELM_3: HelmProgram = { path: '/helm', version: '3.22.0', major: 3 };
const HELM_4: HelmProgram = { path: '/helm', version: '4.3.1', major: 4 };
const INPUT = { overrides: [{ kind: 'Deployment', name: 'web', replicas: 3 }], recorded: null };

describe('what the two lines of helm are told differently', () => {
  it('helm 4 alone knows, and needs, --force-conflicts', () => {
    expect(takeOverArguments(HELM_3)).toEqual([]);
    expect(takeOverArguments(HELM_4)).toEqual(['--force-conflicts']);
  });

  it('helm 3 runs a program as its post-renderer', async () => {
    await withWorkFolder(async (folder) => {
      const args = await folder.writePostRenderer(HELM_3, INPUT);
      const [flag, program, firstFlag, script, secondFlag, file] = args;
      expect([flag, firstFlag, secondFlag]).toEqual([
        '--post-renderer',
        '--post-renderer-args',
        '--post-renderer-args',
      ]);
      expect(program).toBe(process.execPath);
      expect(existsSync(script ?? '')).toBe(true);
      expect(JSON.parse(readFileSync(file ?? '', 'utf8'))).toEqual(INPUT);
    });
  });

  it('helm 4 runs a plugin, which it finds in the folder of its own', async () => {
    await withWorkFolder(async (folder) => {
      expect(await folder.writePostRenderer(HELM_4, INPUT)).toEqual(['--post-renderer', 'windlass']);
      const plugin = join(folder.env['HELM_PLUGINS'] ?? '', 'windlass', 'plugin.yaml');
      expect(JSON.parse(readFileSync(plugin, 'utf8'))).toMatchObject({
        type: 'postrenderer/v1',
        name: 'windlass',
      });
    });
  });
});
