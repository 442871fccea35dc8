import { describe, expect, it } from 'vitest';
import { formatProblem, validatePackage } from '../../../src/app-package/index.ts';
import type { PackageFile } from '../../../src/domain/index.ts';
import { loadFixture, textFile } from './packages.ts';

const CONFIG = JSON.stringify({
  type: 'array',
  properties: [
    {
      key: 'cluster',
      type: 'array',
      properties: [
        { key: 'count', label: 'Count', type: 'integer', default: 3, required: 'yes' },
        { key: 'name', label: 'Name', type: 'string', default: 'x', required: 'no' },
      ],
    },
  ],
});
const NODE =
  '{"container": {"type": "kvm", "image": "img-1"}, "count": {{cluster.count}}, "cpu": 1, "memory": 1024}';

function packageOf(cluster: string, config = CONFIG, ...more: PackageFile[]): PackageFile[] {
  return [textFile('config.json', config), textFile('cluster.json.mustache', cluster), ...more];
}

/** The sound package with a change to its only node. */
function withNode(change: string): PackageFile[] {
  return packageOf(`{"nodes": [${NODE.replace(/\}$/, `, ${change}}`)}]}`);
}

function withItem(change: string): PackageFile[] {
  return packageOf(`{"nodes": [${NODE}]}`, CONFIG.replace('"default":"x"', change));
}

describe('validatePackage', () => {
  it('finds nothing in a sound package', () => {
    expect(validatePackage(packageOf(`{"nodes": [${NODE}]}`))).toEqual({ errors: [], warnings: [] });
  });

  it.each([
    ['no config.json', [textFile('cluster.json.mustache', '{}')], 'config.json: is missing'],
    [
      'no template',
      [textFile('config.json', CONFIG)],
      'cluster.json.mustache: is missing, and so is cluster.json.tmpl',
    ],
    [
      'two templates',
      packageOf(`{"nodes": [${NODE}]}`, CONFIG, textFile('cluster.json.tmpl', '{}')),
      'cluster.json.tmpl: stands beside cluster.json.mustache; a package has one of them',
    ],
    [
      'a form that does not parse',
      packageOf(`{"nodes": [${NODE}]}`, '{\n "properties": [,]}'),
      'config.json:2:17: there is "," where a value is expected',
    ],
    [
      'a form without properties',
      packageOf(`{"nodes": [${NODE}]}`, '{}'),
      'config.json: properties: is missing: there is no form',
    ],
    [
      'a form that is no object',
      packageOf(`{"nodes": [${NODE}]}`, '[]'),
      'config.json: must be an object with "properties"',
    ],
    [
      'an item without a key',
      packageOf('{}', '{"properties": [{"type": "string"}]}'),
      'config.json: properties[0]: must be an object with a "key", a string that is not empty',
    ],
    [
      'a template that does not parse',
      packageOf(`{"nodes": [${NODE}],\n  "name": {{cluster.name}} "env": {}}`),
      'cluster.json.mustache:2:28: there is "\\"" where "," or "}" is expected',
    ],
    [
      'a placeholder without its key',
      packageOf(`{"name": {{cluster.Name}},\n "nodes": [${NODE}]}`),
      'cluster.json.mustache:1:10: cluster.Name: config.json has no such key; is cluster.name meant?',
    ],
    [
      'a placeholder that names a group',
      packageOf(`{"name": {{cluster}}, "nodes": [${NODE}]}`),
      'cluster.json.mustache:1:10: cluster: names a group, not a value',
    ],
    [
      'a section of mustache',
      packageOf(`{"nodes": [${NODE}]{{#x}}}`),
      `cluster.json.mustache:1:${NODE.length + 13}: a placeholder is a dotted path; {{#x}} is none (there are no sections, conditions, loops or functions)`,
    ],
    [
      'a placeholder inside a string',
      packageOf(`{"name": "a-{{cluster.name}}", "nodes": [${NODE}]}`),
      'cluster.json.mustache:1:13: a placeholder is a whole value and cannot stand inside of a text',
    ],
    [
      'no nodes',
      packageOf('{"name": "x"}'),
      'cluster.json.mustache: nodes: is missing or empty: there is no node',
    ],
    [
      'an empty list of nodes',
      packageOf('{"nodes": []}'),
      'cluster.json.mustache: nodes: is missing or empty: there is no node',
    ],
    [
      'a node that is no object',
      packageOf('{"nodes": [1]}'),
      'cluster.json.mustache: nodes.0: must be an object',
    ],
    [
      'no container',
      packageOf('{"nodes": [{"count": 1, "cpu": 1, "memory": 1}]}'),
      'cluster.json.mustache: nodes.0.container: is missing',
    ],
    [
      'no count',
      packageOf('{"nodes": [{"container": {"type": "kvm", "image": "i"}}]}'),
      'cluster.json.mustache: nodes.0.count: is missing',
    ],
    [
      'a count of the wrong type',
      packageOf(`{"nodes": [${NODE.replace('{{cluster.count}}', '{{cluster.name}}')}]}`),
      'cluster.json.mustache: nodes.0.count: must be a whole number, not negative, not a string',
    ],
    [
      'a negative count',
      packageOf(`{"nodes": [${NODE.replace('{{cluster.count}}', '-1')}]}`),
      'cluster.json.mustache: nodes.0.count: must be a whole number, not negative, not -1',
    ],
    [
      'two roles without a name',
      packageOf(`{"nodes": [${NODE}, ${NODE}]}`),
      'cluster.json.mustache: nodes.1.role: two roles have no name',
    ],
    [
      'a role named -replica',
      withNode('"role": "a-replica"'),
      'cluster.json.mustache: nodes.0.role: ends in -replica, which is kept for the replicas of a role',
    ],
    [
      'services of the wrong type',
      withNode('"services": []'),
      'cluster.json.mustache: nodes.0.services: must be an object, not an array',
    ],
    [
      'a command of the wrong type',
      withNode('"services": {"start": {"cmd": ["x"]}}'),
      'cluster.json.mustache: nodes.0.services.start.cmd: must be a string, not an array',
    ],
    [
      'a timeout of no time',
      withNode('"services": {"start": {"cmd": "x", "timeout": 0}}'),
      'cluster.json.mustache: nodes.0.services.start.timeout: must be a whole number, 1 or more, not 0',
    ],
    [
      'a volume without a size',
      withNode('"volume": {}'),
      'cluster.json.mustache: nodes.0.volume.size: is missing',
    ],
    [
      'an env that is nested',
      withNode('"env": {"a": {"b": 1}}'),
      'cluster.json.mustache: nodes.0.env.a: must be a string, a number, true, false or null',
    ],
    [
      'a pattern that does not compile',
      withItem('"default":"x","pattern":"("'),
      'config.json: cluster.name.pattern: Invalid regular expression: /(/: Unterminated group',
    ],
    [
      'a default of the wrong type',
      withItem('"default":5'),
      'config.json: cluster.name.default: must be a string, not 5',
    ],
    [
      'a range of the wrong type',
      withItem('"default":"x","range":"x"'),
      'config.json: cluster.name.range: must be an array, not a string',
    ],
    [
      'a min of the wrong type',
      withItem('"default":"x","min":"1"'),
      'config.json: cluster.name.min: must be a number, not a string',
    ],
    [
      'a locale that does not parse',
      packageOf(`{"nodes": [${NODE}]}`, CONFIG, textFile('locale/en.json', '{')),
      'locale/en.json:1:2: the text ends where a key in double quotes is expected',
    ],
  ])('refuses %s', (_, files, message) => {
    const { errors } = validatePackage(files);
    // With its place, or without where the table leaves it out.
    const found = errors.map(formatProblem);
    expect([...found, ...found.map((line) => line.replace(/:\d+:\d+: /, ': '))]).toContain(message);
  });

  it.each([
    [
      'an unknown field of a node',
      withNode('"sriov_nic": true'),
      'nodes.0.sriov_nic: unknown field, kept as it is',
    ],
    [
      'an unknown container type',
      packageOf(`{"nodes": [${NODE.replace('kvm', 'jail')}]}`),
      'nodes.0.container.type: "jail" is no container type of the specification',
    ],
    [
      'an unknown service',
      withNode('"services": {"dance": {"cmd": "x"}}'),
      'nodes.0.services.dance.type: is not "custom", and the specification knows no service of this name; taken as custom',
    ],
    [
      'a service without a command',
      withNode('"services": {"start": {}}'),
      'nodes.0.services.start.cmd: is missing; the service is left out',
    ],
    [
      'a timeout over the limit',
      withNode('"services": {"start": {"cmd": "x", "timeout": 90000}}'),
      'nodes.0.services.start.timeout: is over the limit; 86400 seconds are used',
    ],
    [
      'an unknown form type',
      withItem('"default":"x","type":"colour"'),
      'cluster.name.type: "colour" is no type of the specification; any value is accepted',
    ],
    [
      'an absent default',
      withItem('"min":1'),
      'cluster.name.default: is missing, though the value is not required',
    ],
    [
      'a default outside its range',
      withItem('"default":"x","range":["y"]'),
      'cluster.name.default: is outside the item\'s own limits: must be one of "y", not "x"',
    ],
    [
      'an unknown field of the form',
      withItem('"default":"x","auto_scale_step":1'),
      'cluster.name.auto_scale_step: unknown field, kept as it is',
    ],
    [
      'a key that occurs twice',
      withNode('"role": "a", "role": "b"'),
      'nodes.0.role: this key occurs twice; the last one counts',
    ],
  ])('warns of %s and takes the package', (_, files, message) => {
    const { errors, warnings } = validatePackage(files);
    expect(errors).toEqual([]);
    expect(warnings.map(({ field, message: text }) => `${field}: ${text}`)).toContain(message);
  });

  it.each([
    ['absent', CONFIG.replace(',"required":"no"', ''), 'is missing; taken as "no"'],
    ['a boolean', CONFIG.replace('"required":"no"', '"required":true'), 'is spelled true; taken as "yes"'],
    ['in capitals', CONFIG.replace('"required":"no"', '"required":"No"'), 'is spelled "No"; taken as "no"'],
  ])('warns of a "required" that is %s', (_, config, message) => {
    const { errors, warnings } = validatePackage(packageOf(`{"nodes": [${NODE}]}`, config));
    expect(errors).toEqual([]);
    expect(warnings).toMatchObject([
      { file: 'config.json', line: 1, field: 'cluster.name.required', message },
    ]);
  });

  it('lists all faults at once, each with its place', () => {
    const { errors } = validatePackage(packageOf('{"nodes": [{"count": "x"}], "env": 5, "name": {{a.b}}}'));
    // What is wrong only because {{a.b}} has no value is not said again.
    const fields = ['a.b', 'nodes.0.container', 'nodes.0.count', 'env'];
    expect(errors.map((error) => error.field).sort()).toEqual(fields.sort());
  });

  it('finds no error in packages as loose as real ones', async () => {
    for (const name of ['ledger', 'shards']) {
      expect(validatePackage((await loadFixture(name)).files).errors).toEqual([]);
    }
  });
});
