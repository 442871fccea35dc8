import { describe, expect, it } from 'vitest';
import { formatProblem, validatePackage } from '../../../src/app-package/index.ts';
import { ERRORS } from './error-table.ts';
import { OVER_LIMITS } from './limit-table.ts';
import { listMessages } from './list-messages.ts';
import { CONFIG, NODE, packageOf } from './one-fault.ts';
import { loadFixture } from './packages.ts';
import { WARNINGS } from './warning-table.ts';

describe('validatePackage', () => {
  it('finds nothing in a sound package', () => {
    expect(validatePackage(packageOf(`{"nodes": [${NODE}]}`))).toEqual({
      errors: [],
      warnings: [],
      notes: [],
    });
  });

  it.each([...ERRORS, ...OVER_LIMITS])('refuses %s, and finds nothing else wrong', (_, files, message) => {
    const { errors } = validatePackage(files);
    // With its place, or without where the table leaves it out.
    const found = errors.map(formatProblem);
    expect(
      found.map((line) => (/:\d+:\d+: /.test(message) ? line : line.replace(/:\d+:\d+: /, ': '))),
    ).toEqual([message]);
  });

  it.each(WARNINGS)('warns of %s and takes the package', (_, files, message) => {
    const { errors, warnings } = validatePackage(files);
    expect(errors).toEqual([]);
    expect(warnings.map(({ field, message: text }) => `${field}: ${text}`)).toEqual([message]);
  });

  it('has a package in the table for everything that its code can say', () => {
    const said = [...ERRORS, ...OVER_LIMITS, ...WARNINGS].map(([, , message]) => message);
    const unsaid = listMessages().filter(({ pattern }) => !said.some((message) => pattern.test(message)));
    expect(unsaid.map(({ place }) => place)).toEqual([]);
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

  it('notes what is sound and has no effect yet, and calls it neither wrong nor doubtful', () => {
    const balancer =
      '"key":"lb","label":"LB","type":"loadbalancer","port":80,"default":[],"required":"no"},{"key":"name"';
    const services = '"start": {"cmd": "x"}, "restart": {"cmd": "x"}, "tidy": {"type": "custom", "cmd": "x"}';
    const role = `"loadbalancer": {{cluster.lb}}, "services": {${services}}, "health_check": {"enable": false}`;
    const { errors, warnings, notes } = validatePackage(
      packageOf(
        `{"nodes": [${NODE.replace(/\}$/, `, ${role}}`)}],\n "backup_policy": "device"}`,
        CONFIG.replace('"key":"name"', balancer),
      ),
    );
    expect({ errors, warnings }).toEqual({ errors: [], warnings: [] });
    expect(notes.map(formatProblem)).toEqual([
      expect.stringMatching(/^config\.json:1:\d+: cluster\.lb: is kept: no load balancer is attached yet$/),
      expect.stringMatching(
        /^cluster\.json\.mustache:1:\d+: nodes: the services "restart", "tidy" are kept: no action runs them yet$/,
      ),
      'cluster.json.mustache: kept, and nothing acts on it yet: health_check, backup_policy',
    ]);
  });

  it('notes a load balancer that the package itself names', () => {
    const named = NODE.replace(/\}$/, ', "loadbalancer": ["lb-1"]}');
    expect(validatePackage(packageOf(`{"nodes": [${named}]}`)).notes).toMatchObject([
      { field: 'nodes.0.loadbalancer', message: 'is kept: no load balancer is attached yet' },
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
