import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readHelmYaml, splitDocuments, toNumbers } from '../../src/helm-yaml/index.ts';
import { putOverrides } from '../../src/providers/kubernetes/helm/put-overrides.ts';
import { SCALARS } from '../fixtures/yaml-scalars.ts';
import { askHelm } from '../kit/helm-reads.ts';

const LIMIT_MS = 120_000;
const SEED = 20_261_129;
const OVERRIDES = [
  { kind: 'Deployment', name: 'web', replicas: 3 },
  { kind: 'StatefulSet', name: 'db', requests: { cpu: '250m' } },
];

/** Scalars that helm reads, at every position of a value in a block. */
const READABLE = SCALARS.filter((scalar) => {
  try {
    return toNumbers(readHelmYaml(`v:\n  w: ${scalar}\n`)) !== null;
  } catch {
    return false;
  }
});

const indent = (text: string, by: number): string => text.replaceAll(/^/gm, ' '.repeat(by));

/** What stands somewhere in a manifest. */
const oddField = fc.oneof(
  fc.constantFrom(...READABLE).map((scalar) => `odd: ${scalar}`),
  fc.constantFrom(
    'mode: 0400 # octal',
    'large: 9223372036854775807',
    'text: |\n  ---\n  kind: Deployment\n  name: web\n  0755',
    'text: >-\n  folded\n\n  text',
    '# a comment of its own\nplain: a b c',
    'list:\n- 0755\n-   yes\n- {a: 1_000}',
    'base: &b {x: yes}\nuses: {<<: *b, y: 0o17}',
    "\"quoted key\": 'it''s'",
    'twice: 1\ntwice: 2',
    'wide: "\\u00e9\\u2028é😀"',
  ),
);
const fields = fc.array(oddField, { maxLength: 3 }).map((some) => some.join('\n'));

const untouched = fc.oneof(
  fields.map((odd) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n${indent(odd, 2)}\n`),
  fields.map(
    (odd) =>
      `# Source: c/templates/x.yaml\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent}\nspec:\n${indent(odd, 4)}\n`,
  ),
  fc.constantFrom('', '\n', '# only a comment\n', '\n\n  \n', '{"kind": "Job", "apiVersion": "batch/v1"}\n'),
  fc.constant('kind: Deployment\nmetadata: {name: web, annotations: {helm.sh/hook: test}}\nspec: {}\n'),
  fc.constant('apiVersion: v1\nkind: List\nitems:\n- {kind: Secret, metadata: {name: web}, mode: 0400}\n'),
);
const touched = fc.oneof(
  fields.map(
    (odd) =>
      `# Source: c/templates/web.yaml\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 0x2\n  template:\n    spec:\n${indent(odd, 6)}\n`,
  ),
  fields.map(
    (odd) =>
      `kind: StatefulSet\nmetadata: {name: db}\nspec:\n  template:\n    spec:\n      containers:\n      - name: main\n        resources: {limits: {memory: 1Gi}}\n${indent(odd, 8)}\n`,
  ),
  fields.map(
    (odd) =>
      `kind: List\nitems:\n- kind: Deployment\n  metadata: {name: web}\n  spec: {}\n${indent(odd, 2)}\n`,
  ),
);
const separator = fc.constantFrom('---\n', '--- \n', '--- # between\n', '---\t\n', '---\n# Source: y\n');
const stream = fc.record({
  parts: fc.array(fc.record({ separator, text: fc.oneof(untouched, touched), crlf: fc.boolean() }), {
    minLength: 1,
    maxLength: 4,
  }),
});

function toStream(parts: readonly { separator: string; text: string; crlf: boolean }[]): string {
  return parts
    .map(({ separator: line, text, crlf }) =>
      crlf ? `${line}${text}`.replaceAll('\n', '\r\n') : line + text,
    )
    .join('');
}

interface ReadObject {
  readonly kind?: string;
  readonly metadata?: { readonly name?: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly items?: readonly ReadObject[];
  readonly spec?: null | {
    [field: string]: unknown;
    template?: { spec: null | { containers?: { resources: Record<string, unknown> }[] } };
  };
}

/** With what the overrides say, done by hand on what helm has read. */
function expectOf(text: string): unknown {
  const change = (object: ReadObject): ReadObject => {
    const { kind, metadata, items, spec } = object;
    if (kind === 'List') return { ...object, items: (items ?? []).map(change) };
    if (metadata?.annotations?.['helm.sh/hook'] !== undefined) return object;
    if (spec === undefined || spec === null) return object;
    if (kind === 'Deployment' && metadata?.name === 'web') spec['replicas'] = 3;
    const [container] = spec.template?.spec?.containers ?? [];
    if (kind === 'StatefulSet' && metadata?.name === 'db' && container !== undefined) {
      container.resources['requests'] = { cpu: '250m' };
    }
    return object;
  };
  return change(JSON.parse(text) as ReadObject);
}

describe('manifests that overrides are put over', () => {
  const streams = fc.sample(stream, { seed: SEED, numRuns: 400 }).map(({ parts }) => toStream(parts));

  it(
    'are read by helm as they were, but for the overrides; documents that none names stay byte for byte',
    async () => {
      const before: string[] = [];
      const after: string[] = [];
      let same = 0;
      for (const given of streams) {
        const [old, now] = [splitDocuments(given), splitDocuments(putOverrides(given, OVERRIDES))];
        expect(now).toHaveLength(old.length);
        for (const [index, part] of old.entries()) {
          const put = now[index];
          if (put?.text === part.text && put.separator === part.separator) same += 1;
          before.push(part.text);
          after.push(put?.text ?? '');
        }
      }
      const [read, reread] = [await askHelm(before), await askHelm(after)];
      let changed = 0;
      for (const [index, text] of before.entries()) {
        const old = read[index] ?? null;
        // Helm itself refuses what it cannot read.
        if (old === null) continue;
        expect(JSON.parse(reread[index] ?? 'null'), text).toEqual(expectOf(old));
        if (JSON.stringify(expectOf(old)) === JSON.stringify(JSON.parse(old))) {
          expect(after[index]).toBe(text);
        } else changed += 1;
      }
      expect(same).toBeGreaterThan(200);
      expect(changed).toBeGreaterThan(200);
    },
    LIMIT_MS,
  );

  it('keep every digit of large integers, and what a line of another YAML would end', () => {
    const given = 'kind: Deployment\nmetadata: {name: web}\nspec:\n  a: 9223372036854775807\n  b: "x\\Ly"\n';
    const put = putOverrides(given, OVERRIDES);
    expect(put).toContain('"a":9223372036854775807');
    expect(put).toContain(String.raw`"b":"x\u2028y"`);
  });
});
