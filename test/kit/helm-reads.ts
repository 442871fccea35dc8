import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTestHelm } from './find-helm.ts';

/**
 * How helm itself reads YAML documents that are mappings: each as JSON text, with numbers as Go's float64;
 * null for one that it cannot read. One run of helm for all of them.
 */
export async function askHelm(documents: readonly string[]): Promise<readonly (string | null)[]> {
  const { path: helm } = await findTestHelm();
  const folder = mkdtempSync(join(tmpdir(), 'windlass-reads-'));
  try {
    mkdirSync(join(folder, 'templates'));
    mkdirSync(join(folder, 'cases'));
    writeFileSync(join(folder, 'Chart.yaml'), 'apiVersion: v2\nname: reads\nversion: 1.0.0\n');
    for (const [index, document] of documents.entries()) {
      writeFileSync(join(folder, 'cases', String(index)), document);
    }
    // A document that cannot be read becomes one with the key Error.
    writeFileSync(
      join(folder, 'templates', 'answers.yaml'),
      'kind: Answers\ndata:\n{{ range $path, $text := .Files.Glob "cases/*" }}  {{ base $path }}: "{{ fromYaml (toString $text) | toJson | b64enc }}"\n{{ end }}',
    );
    const env = { PATH: process.env['PATH'], HOME: folder };
    const output = execFileSync(helm, ['template', 'reads', folder], {
      env,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    const answers: (string | null)[] = documents.map(() => null);
    for (const [, index, text] of output.matchAll(/^ {2}(\d+): "(.*)"$/gm)) {
      const json = Buffer.from(text ?? '', 'base64').toString('utf8');
      answers[Number(index)] = /^\{"Error":"[^"]*(error|yaml)/.test(json) ? null : json;
    }
    return answers;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
