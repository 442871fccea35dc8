import type { Conf } from '../../../src/domain/index.ts';
import { type HostileInput, type HostileTarget, toFiles } from '../input.ts';

interface BadChart {
  readonly why: string;
  readonly files: Readonly<Record<string, string>>;
  readonly conf?: Conf;
  readonly outcome?: HostileInput['outcome'];
}

const CHART = 'apiVersion: v2\nname: hostile\nversion: 1.0.0\n';
const MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\n';
const chart = (files: Readonly<Record<string, string>>): Readonly<Record<string, string>> => ({
  'Chart.yaml': CHART,
  'values.yaml': '{}\n',
  'templates/map.yaml': MAP,
  ...files,
});
const schema = (value: unknown, more: Readonly<Record<string, string>> = {}) =>
  chart({ 'values.schema.json': typeof value === 'string' ? value : JSON.stringify(value), ...more });

const doubling = (depth: number): unknown => ({
  $defs: Object.fromEntries(
    Array.from({ length: depth }, (_, index) => [
      `d${index}`,
      index === 0
        ? { type: 'string' }
        : { anyOf: [{ $ref: `#/$defs/d${index - 1}` }, { $ref: `#/$defs/d${index - 1}` }] },
    ]),
  ),
  properties: { a: { $ref: `#/$defs/d${depth - 1}` } },
});

const CHARTS: readonly BadChart[] = [
  {
    why: 'a schema with a slow pattern',
    outcome: 'harmless',
    files: schema(
      { properties: { text: { pattern: '^(a+)+$' } } },
      { 'values.yaml': `text: "${'a'.repeat(40)}!"\n` },
    ),
  },
  {
    why: 'a schema with a slow patternProperties',
    outcome: 'harmless',
    files: schema(
      { patternProperties: { '^(a+)+$': { type: 'number' } }, additionalProperties: false },
      { 'values.yaml': `"${'a'.repeat(40)}!": x\n` },
    ),
  },
  {
    why: 'a slow pattern and a slow conf',
    outcome: 'harmless',
    files: schema({ properties: { text: { pattern: '^(a|a)*$' } } }),
    conf: { text: `${'a'.repeat(40)}!` },
  },
  { why: 'a schema that is itself', outcome: 'harmless', files: schema({ type: 'object', $ref: '#' }) },
  {
    why: 'two schemas that are each other',
    outcome: 'harmless',
    files: schema({
      $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } },
      properties: { x: { $ref: '#/$defs/a' } },
    }),
    conf: { x: 1 },
  },
  { why: 'a schema that doubles 40 times', outcome: 'harmless', files: schema(doubling(40)), conf: { a: 7 } },
  {
    why: 'a schema that is nested 20,000 deep',
    outcome: 'harmless',
    files: schema(`${'{"properties":{"a":'.repeat(20_000)}{}${'}}'.repeat(20_000)}`),
  },
  {
    why: 'a schema of 100,000 properties',
    outcome: 'harmless',
    files: schema({
      properties: Object.fromEntries(
        Array.from({ length: 100_000 }, (_, index) => [`k${index}`, { type: 'string' }]),
      ),
    }),
  },
  {
    why: 'a schema that wants unique items of a long list',
    outcome: 'harmless',
    files: schema({ properties: { list: { uniqueItems: true } } }),
    conf: { list: Array.from({ length: 20_000 }, (_, index) => ({ a: { b: index } })) },
  },
  { why: 'a schema that is no JSON', outcome: 'harmless', files: schema('{') },
  { why: 'a schema that is a number', outcome: 'harmless', files: schema('7') },
  {
    why: 'a schema with a foreign reference',
    outcome: 'harmless',
    files: schema({ properties: { a: { $ref: 'http://127.0.0.1:9/schema.json' } } }),
  },
  {
    why: 'a schema with a file as reference',
    outcome: 'harmless',
    files: schema({ properties: { a: { $ref: 'file:///etc/passwd' } } }),
  },
  {
    why: 'a schema with code in its names',
    outcome: 'harmless',
    files: schema({
      properties: {
        '`+process.exit(1)+`': { type: 'string' },
        '");process.exit(1)//': { pattern: '");process.exit(1)//' },
      },
    }),
    conf: { '");process.exit(1)//': 'x' },
  },
  {
    why: 'a schema with __proto__',
    outcome: 'harmless',
    files: schema('{"properties":{"__proto__":{"type":"string"}}}'),
  },
  {
    why: 'values with an alias bomb',
    files: chart({
      'values.yaml': `a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 12 }, (_, index) => `b${index}: &b${index} [${Array.from({ length: 9 }, () => (index === 0 ? '*a' : `*b${index - 1}`)).join(',')}]`).join('\n')}\n`,
    }),
  },
  {
    why: 'values that are nested 10,000 deep',
    files: chart({ 'values.yaml': `a: ${'['.repeat(10_000)}${']'.repeat(10_000)}\n` }),
  },
  { why: 'values that are a list', files: chart({ 'values.yaml': '- a\n' }) },
  {
    why: 'values with __proto__',
    outcome: 'harmless',
    files: chart({ 'values.yaml': '__proto__: { polluted: yes }\n' }),
  },
  {
    why: 'values of 5 MB',
    files: chart({ 'values.yaml': `a: "${'x'.repeat(5_000_000)}"\n` }),
  },
  {
    why: '200,000 keys of values',
    files: chart({ 'values.yaml': Array.from({ length: 200_000 }, (_, index) => `k${index}: 1`).join('\n') }),
  },
  { why: 'a Chart.yaml that is a list', files: chart({ 'Chart.yaml': '- a\n' }) },
  { why: 'a Chart.yaml without a name', files: chart({ 'Chart.yaml': 'apiVersion: v2\nversion: 1.0.0\n' }) },
  {
    why: 'a name that leads out',
    files: chart({ 'Chart.yaml': 'apiVersion: v2\nname: ../../x\nversion: 1.0.0\n' }),
  },
  {
    why: 'a name that is an option',
    files: chart({ 'Chart.yaml': 'apiVersion: v2\nname: --post-renderer=/bin/sh\nversion: 1.0.0\n' }),
  },
  {
    why: 'a version with a line break',
    files: chart({ 'Chart.yaml': 'apiVersion: v2\nname: x\nversion: "1.0.0\\nx"\n' }),
  },
  {
    why: 'a name of 100 KB',
    files: chart({ 'Chart.yaml': `apiVersion: v2\nname: ${'x'.repeat(100_000)}\nversion: 1.0.0\n` }),
  },
  {
    why: 'a dependency that is a file',
    outcome: 'harmless',
    files: chart({
      'Chart.yaml': `${CHART}dependencies: [ { name: x, version: 1.0.0, repository: "file:///etc" } ]\n`,
    }),
  },
  {
    why: 'a Chart.yaml with an alias bomb',
    files: chart({
      'Chart.yaml': `${CHART}a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 12 }, (_, index) => `b${index}: &b${index} [${Array.from({ length: 9 }, () => (index === 0 ? '*a' : `*b${index - 1}`)).join(',')}]`).join('\n')}\n`,
    }),
  },
  {
    why: 'a Chart.yaml that is not UTF-8',
    outcome: 'harmless',
    files: chart({ 'Chart.yaml': `${CHART}description: \ufffd\n` }),
  },
];

export const CHART_INPUTS: readonly HostileInput[] = CHARTS.flatMap(
  ({ why, files, conf = {}, outcome = 'refused' }) => [
    {
      name: `chart by the client: ${why}`,
      outcome,
      send: async ({ client, files: disk }: HostileTarget) => {
        const { versionId } = await client.apps.register(disk.writeFolder(files));
        // A runtime of machines takes no chart: what the schema says is looked at before that.
        return client.clusters.create({ app: versionId, runtime: 'instant', conf });
      },
    },
    {
      name: `chart past the client: ${why}`,
      outcome,
      send: async ({ forge }: HostileTarget) => {
        const { versionId } = (await forge.upload(toFiles(files))) as { readonly versionId: string };
        return forge.requests.describeApp({ version: versionId });
      },
    },
  ],
);
