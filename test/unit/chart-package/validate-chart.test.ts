import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../../src/app-package/index.ts';
import { checkChartValues, setChartValue, validateChart } from '../../../src/chart-package/index.ts';
import { WindlassError, type Conf, type PackageFile } from '../../../src/domain/index.ts';

const MANIFEST = 'apiVersion: v2\nname: web\nversion: 1.2.3\n';

/** A sound chart with some of its files replaced. */
function chart(changes: Readonly<Record<string, string>> = {}): PackageFile[] {
  const files = { 'Chart.yaml': MANIFEST, 'values.yaml': 'size: 1\n', 'templates/a.yaml': '', ...changes };
  return Object.entries(files).map(([path, text]) => ({
    path,
    content: new TextEncoder().encode(text),
    mode: 0o644,
  }));
}

const SCHEMA = JSON.stringify({
  type: 'object',
  additionalProperties: false,
  required: ['size'],
  properties: {
    size: { type: 'integer', minimum: 1 },
    mode: { enum: ['a', 'b'] },
    fixed: { const: 7 },
    ports: { type: 'array', items: { type: 'integer' } },
  },
});

describe('validateChart', () => {
  it('finds nothing in a sound chart', () => {
    expect(validateChart(chart({ 'values.schema.json': SCHEMA }))).toEqual({
      errors: [],
      warnings: [],
      notes: [],
    });
  });

  it.each<[string, Record<string, string>, string]>([
    ['YAML that breaks off', { 'Chart.yaml': 'name: web\nversion: [1' }, 'Chart.yaml:2:'],
    ['values that are no YAML', { 'values.yaml': 'a: 1\nb: "x\n' }, 'values.yaml:'],
    ['values that are a list', { 'values.yaml': '- a\n' }, 'values.yaml: must be a YAML mapping'],
    ['no name', { 'Chart.yaml': 'apiVersion: v2\nversion: 1.0.0\n' }, 'name'],
    ['a name with a slash', { 'Chart.yaml': MANIFEST.replace('web', 'a/b') }, '"a/b" is no name of a chart'],
    ['no version', { 'Chart.yaml': 'apiVersion: v2\nname: web\n' }, 'version'],
    [
      'a version that is none',
      { 'Chart.yaml': MANIFEST.replace('1.2.3', 'new') },
      '"new" is no semantic version',
    ],
    [
      'a version that lost its zero',
      { 'Chart.yaml': MANIFEST.replace('1.2.3', '1.10') },
      'put 1.1 in quotes',
    ],
    ['no apiVersion', { 'Chart.yaml': MANIFEST.replace('apiVersion: v2\n', '') }, 'apiVersion'],
    ['an unknown apiVersion', { 'Chart.yaml': MANIFEST.replace('v2', 'v3') }, 'must be v1 or v2, not "v3"'],
    ['a library', { 'Chart.yaml': `${MANIFEST}type: library\n` }, 'cannot be installed'],
    ['an unknown type', { 'Chart.yaml': `${MANIFEST}type: plugin\n` }, 'must be application, not "plugin"'],
    ['dependencies that are no list', { 'Chart.yaml': `${MANIFEST}dependencies: x\n` }, 'must be a list'],
    [
      'a dependency without a name',
      { 'Chart.yaml': `${MANIFEST}dependencies:\n- version: 1\n` },
      'must have a name',
    ],
    [
      'a dependency that is not there',
      { 'Chart.yaml': `${MANIFEST}dependencies:\n- name: db\n  version: 2.0.0\n` },
      'db 2.0.0 is not in charts/: run helm dependency build',
    ],
    ['a schema that is no JSON', { 'values.schema.json': '{' }, 'values.schema.json: is no JSON'],
    ['a schema that is a list', { 'values.schema.json': '[]' }, 'values.schema.json: must be a JSON object'],
  ])('refuses %s, and says where', (_, changes, said) => {
    const messages = validateChart(chart(changes)).errors.map(formatProblem);
    expect(messages.join('\n')).toContain(said);
    expect(messages.every((message) => /^[\w./]+\.(yaml|json)/.test(message))).toBe(true);
  });

  it.each([
    ['unpacked', 'charts/db/Chart.yaml', 'name: db\n'],
    ['packed', 'charts/db-2.0.0.tgz', ''],
    ['in a folder of another name', 'charts/database/Chart.yaml', 'name: "db"\n'],
  ])('takes a dependency that lies there %s', (_, path, text) => {
    const manifest = `${MANIFEST}dependencies:\n- name: db\n`;
    expect(validateChart(chart({ 'Chart.yaml': manifest, [path]: text })).errors).toEqual([]);
  });

  it('only warns of defaults that the schema does not accept: users may have to fill them in', () => {
    const { errors, warnings } = validateChart(
      chart({ 'values.yaml': 'size: 0\n', 'values.schema.json': SCHEMA }),
    );
    expect(errors).toEqual([]);
    expect(warnings.map(formatProblem)).toEqual([expect.stringContaining('size')]);
  });
});

describe('checkChartValues', () => {
  function faults(conf: Conf, more: Readonly<Record<string, string>> = {}): unknown {
    try {
      checkChartValues(chart({ 'values.schema.json': SCHEMA, ...more }), conf);
    } catch (error) {
      return WindlassError.isInstance(error) ? error.details : error;
    }
    return [];
  }

  it.each<[Conf, string, string]>([
    [{ size: 'two' }, 'size', 'must be integer'],
    [{ size: 0 }, 'size', 'must be >= 1'],
    [{ size: null }, 'size', 'is required'],
    [{ more: 1 }, 'more', 'no such key'],
    [{ mode: 'c' }, 'mode', 'must be one of: "a", "b"'],
    [{ fixed: 8 }, 'fixed', 'must be 7'],
    [{ ports: [1, 'x'] }, 'ports[1]', 'must be integer'],
  ])('names the key of %j', (conf, field, message) => {
    expect(faults(conf)).toEqual([{ field, message }]);
  });

  it('names all faults at once, and those of subcharts by their whole key', () => {
    const sub = {
      'charts/db/Chart.yaml': MANIFEST.replace('web', 'db'),
      'charts/db/values.schema.json': SCHEMA,
    };
    const open = SCHEMA.replace('"additionalProperties":false', '"additionalProperties":true');
    expect(
      faults({ size: 0, mode: 'c', db: { size: 'x' } }, { ...sub, 'values.schema.json': open }),
    ).toMatchObject([{ field: 'size' }, { field: 'mode' }, { field: 'db.size' }]);
  });

  it('quotes no value, which may be a secret', () => {
    expect(JSON.stringify(faults({ size: 'planted-secret' }))).not.toContain('planted-secret');
  });
});

describe('setChartValue', () => {
  it.each<[string, string, unknown]>([
    ['a.b', 'x', { a: { b: 'x' } }],
    ['a[1].b', '2', { a: [null, { b: 2 }] }],
    ['a\\.b', 'true', { 'a.b': true }],
    ['a', '007', { a: '007' }],
    ['a', 'null', { a: null }],
  ])('sets %s to %s', (key, text, expected) => {
    expect(setChartValue({}, key, text)).toEqual(expected);
  });

  it.each(['', '.a', 'a..b', '[0]', 'a[x]', 'a[1001]'])('refuses the key %j', (key) => {
    expect(() => setChartValue({}, key, 'x')).toThrow(expect.objectContaining({ code: 'CONF_INVALID' }));
  });

  it('refuses to lead through a value', () => {
    expect(() => setChartValue({ a: 1 }, 'a.b', 'x')).toThrow('not a mapping');
    expect(() => setChartValue({ a: {} }, 'a[0]', 'x')).toThrow('not a list');
  });
});
