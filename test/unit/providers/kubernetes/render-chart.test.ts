import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { renderChart } from '../../../../src/providers/kubernetes/helm/render-chart.ts';

// Stands in for helm: writes down what it is told, and answers with the version that it was told.
const SCRIPT = `#!/bin/sh
echo "$@" >> "$(dirname "$0")/runs"
version=
for argument in "$@"; do
  if [ "$version" = next ]; then version="$argument"; fi
  if [ "$argument" = --kube-version ]; then version=next; fi
done
if [ "$version" = 1.20.0 ]; then
  echo "chart requires kubeVersion: >=1.30.0 which is incompatible with Kubernetes v1.20.0" >&2
  exit 1
fi
printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata:\\n  name: seen-%s\\n' "$version"
`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windlass-render-'));
  await writeFile(join(folder, 'helm'), SCRIPT);
  await chmod(join(folder, 'helm'), 0o755);
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Charts are known by what is in them: each test has its own. */
function chart(name: string, template = 'x: 1') {
  return [
    {
      path: 'Chart.yaml',
      mode: 0o644,
      content: Buffer.from(`apiVersion: v2\nname: ${name}\nkubeVersion: '>=1.30.0'\n`),
    },
    { path: 'templates/one.yaml', mode: 0o644, content: Buffer.from(template) },
  ];
}

function render(files: ReturnType<typeof chart>, told: { version: string; name?: string; values?: object }) {
  return renderChart({
    program: { path: join(folder, 'helm'), version: '4.3.1', major: 4 },
    files,
    values: { ...told.values },
    releaseName: told.name ?? 'one',
    namespace: 'default',
    kubeVersion: told.version,
    signal: new AbortController().signal,
  });
}

async function countRuns(): Promise<number> {
  return (await readFile(join(folder, 'runs'), 'utf8')).trim().split('\n').length;
}

describe('renders', () => {
  test('equal requests are rendered once, and no caller can change what the next one gets', async () => {
    const files = chart('same');
    const first = await render(files, { version: '1.37.0' });
    Object.assign(first[0] ?? {}, { kind: 'Changed' });
    const second = await render(files, { version: '1.37.0' });
    expect(second[0]?.kind).toBe('ConfigMap');
    expect(await countRuns()).toBe(1);
    await render(files, { version: '1.37.0', name: 'two' });
    await render(files, { version: '1.37.0', values: { a: 1 } });
    expect(await countRuns()).toBe(3);
  });

  test('helm is asked once for each version of Kubernetes whether the chart allows it', async () => {
    const files = chart('versions');
    await render(files, { version: '1.37.0' });
    await expect(render(files, { version: '1.20.0' })).rejects.toMatchObject({ code: 'KUBERNETES_VERSION' });
    await expect(render(files, { version: '1.20.0' })).rejects.toMatchObject({ code: 'KUBERNETES_VERSION' });
    await render(files, { version: '1.37.2' });
    const before = await countRuns();
    await render(files, { version: '1.37.0', name: 'two' });
    await render(files, { version: '1.37.2', name: 'two' });
    expect((await countRuns()) - before).toBe(1);
  });

  test('a chart that looks at the server is rendered for each server', async () => {
    const asking = chart('asks', '{{ .Capabilities.KubeVersion }}');
    expect(await seenVersions(asking, {})).toEqual(['seen-1.37.0', 'seen-1.37.2', 'seen-1.37.0']);
  });

  test('values that are templates which look at the server count too', async () => {
    const files = chart('tpl', '{{ tpl .Values.text . }}');
    const values = { text: '{{ .Capabilities.KubeVersion }}' };
    await seenVersions(files, {});
    expect(await seenVersions(files, values)).toEqual(['seen-1.37.0', 'seen-1.37.2', 'seen-1.37.0']);
  });
});

async function seenVersions(files: ReturnType<typeof chart>, values: object) {
  const seen: (string | undefined)[] = [];
  for (const version of ['1.37.0', '1.37.2', '1.37.0'])
    seen.push((await render(files, { version, values }))[0]?.metadata?.name);
  return seen;
}
