import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { escapeForYaml, flattenTree, renderTemplateText, type OpenTree } from '../../src/confd/index.ts';

/** What the templates of the tests see. */
export const SEEN: OpenTree = {
  hosts: {
    master: {
      'i-1': { ip: '10.0.0.1', sid: '1', role: 'master' },
      'i-2': { ip: '10.0.0.2', sid: '2', role: 'master' },
    },
    slave: { 'i-30': { ip: '10.0.0.30', sid: '3', role: 'slave' } },
  },
  host: { ip: '10.0.0.1', sid: '1', cpu: '4', memory: '2048' },
  env: {
    port: '2181',
    flag: 'true',
    name: 'zürich ünï',
    empty: '',
    json: '{"a":1,"b":[1,2.5,"x",null,true],"c":{"d":"e"},"big":1e21,"small":0.00001,"n":null}',
    array: '["x","y",{"z":3}]',
    'web.console': 'on',
    ratio: '1.5',
    long: 'aaa bbb ccc',
    'a b/c': 'a key that is no path',
    'q"\\\n': 'quotes " \\ and\nlines \u2028 \u0085',
  },
  cluster: { cluster_id: 'cl-1', endpoints: { client: { port: '2181', protocol: 'tcp' } } },
  'hosts-more': { x: '1' },
};

/**
 * What the real confd writes for each template: all of them in one run, over the metadata file that
 * a node would have. Null where it refuses one.
 */
export async function renderWithConfd(
  confd: string,
  templates: readonly string[],
): Promise<readonly (Buffer | null)[]> {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-confd-'));
  try {
    for (const name of ['conf.d', 'templates', 'out']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'metadata.json'), escapeForYaml(JSON.stringify({ self: SEEN })));
    templates.forEach((text, index) => {
      writeFileSync(join(folder, 'templates', `${index}.tmpl`), text);
      const resource = `[template]\nsrc = "${index}.tmpl"\ndest = "${join(folder, 'out', String(index))}"\nkeys = ["/"]\n`;
      writeFileSync(join(folder, 'conf.d', `${index}.toml`), resource);
    });
    await runConfd(confd, folder);
    return templates.map((_, index) => {
      try {
        return readFileSync(join(folder, 'out', String(index)));
      } catch {
        return null;
      }
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** It ends with 1 when any template fails: what was written says which. */
async function runConfd(confd: string, folder: string): Promise<void> {
  const args = ['-onetime', '-backend', 'file', '-file', join(folder, 'metadata.json')];
  await new Promise<void>((resolve, reject) => {
    execFile(
      confd,
      [...args, '-confdir', folder, '-prefix', '/self', '-log-level', 'fatal'],
      { timeout: 120_000 },
      (error) => {
        if (error === null || error.code === 1) resolve();
        else reject(error);
      },
    );
  });
}

const VALUES = flattenTree(SEEN);

/** The same by windlass: the file, or why not. */
export function renderWithWindlass(template: string): Buffer | string {
  const result = renderTemplateText(template, VALUES);
  return 'content' in result ? Buffer.from(result.content) : result.fault.message;
}

/** What the two make differently of the templates, told so that it can be repeated. */
export async function findDifferences(
  confd: string,
  templates: readonly string[],
): Promise<{ readonly rendered: number; readonly differences: readonly string[] }> {
  const expected = await renderWithConfd(confd, templates);
  const differences = templates.flatMap((template, index) => {
    const theirs = expected[index] ?? null;
    const ours = renderWithWindlass(template);
    const same = typeof ours === 'string' ? theirs === null : theirs !== null && ours.equals(theirs);
    if (same) return [];
    const shown = typeof ours === 'string' ? `refused: ${ours}` : JSON.stringify(ours.toString());
    return [
      `${JSON.stringify(template)}\n  confd: ${JSON.stringify(theirs?.toString() ?? null)}\n  ours:  ${shown}`,
    ];
  });
  return { rendered: expected.filter((output) => output !== null).length, differences };
}
