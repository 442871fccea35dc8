import { describe, expect, it } from 'vitest';
import { formatProblem, validatePackage } from '../../../src/app-package/index.ts';
import {
  MAX_NODE_CPUS,
  MAX_NODE_MEMORY_MIB,
  MAX_NODE_VOLUME_GIB,
  MAX_NODE_VOLUMES,
  MAX_NODES,
  MAX_ROLES,
  type PackageFile,
} from '../../../src/domain/index.ts';
import { CONFIG, packageOf } from './one-fault.ts';
import { confRequest, toContent, makeCluster } from './packages.ts';

const CONTAINER = '"container": {"type": "kvm", "image": "img-1"}, "cpu": 1, "memory": 1024';

function role(fields: string, name = 'main'): string {
  // The last of two equal keys counts.
  return `{"role": "${name}", ${CONTAINER}, ${fields}}`;
}

function messagesOf(files: readonly PackageFile[]): readonly string[] {
  return validatePackage(files).errors.map(formatProblem);
}

function errorsOf(...roles: string[]): readonly string[] {
  return messagesOf(packageOf(`{"nodes": [${roles.join(',')}]}`));
}

describe('the number of nodes', () => {
  it.each([
    ['at the limit', [role(`"count": ${MAX_NODES}`)]],
    ['at the limit with replicas', [role('"count": 250, "replica": 3')]],
    ['at the limit over two roles', [role('"count": 600'), role('"count": 400', 'second')]],
  ])('may be %s', (_, roles) => {
    expect(errorsOf(...roles)).toEqual([]);
  });

  it.each([
    ['one more', [role(`"count": ${MAX_NODES + 1}`)], 1001],
    ['a hundred million', [role('"count": 100000000')], 100_000_000],
    ['replicas beyond it', [role('"count": 251, "replica": 3')], 1004],
    ['the sum of the roles', [role('"count": 400'), role('"count": 601', 'second')], 1001],
    ['the largest whole number', [role('"count": 9007199254740991')], 9_007_199_254_740_991],
    ['many replicas of one', [role('"count": 1, "replica": 2000000')], 2_000_001],
  ])('is refused: %s', (_, roles, total) => {
    const [message, ...more] = errorsOf(...roles);
    expect(message).toContain(`makes a cluster of ${total} nodes; the limit is ${MAX_NODES}`);
    expect(more).toEqual([]);
  });

  it('is refused where the user’s value makes it, naming the key that says so', () => {
    const files = packageOf(`{"nodes": [{"count": {{cluster.count}}, ${CONTAINER}}]}`);
    const parse = (count: number) => makeCluster(confRequest(toContent(files), { cluster: { count } }));
    expect(parse(MAX_NODES).nodes).toHaveLength(MAX_NODES);
    for (const count of [MAX_NODES + 1, 2_000_000, Number.MAX_SAFE_INTEGER]) {
      expect(() => parse(count)).toThrow(
        `cluster.count: makes a cluster of ${count} nodes; the limit is ${MAX_NODES}`,
      );
    }
  });

  it('is refused of a package whose own default is over it', () => {
    const config = CONFIG.replace('"default":3', '"default":5000');
    const files = packageOf(`{"nodes": [{"count": {{cluster.count}}, ${CONTAINER}}]}`, config);
    expect(messagesOf(files)[0]).toContain(`the limit is ${MAX_NODES}`);
  });
});

describe('what a node may ask for', () => {
  const list = (count: number): string =>
    JSON.stringify(Array.from({ length: count }, (_, index) => `/data${index}`));

  it.each([
    ['cpu', (value: number) => `"count": 1, "cpu": ${value}`, MAX_NODE_CPUS],
    ['memory', (value: number) => `"count": 1, "memory": ${value}`, MAX_NODE_MEMORY_MIB],
    ['a volume', (value: number) => `"count": 1, "volume": {"size": ${value}}`, MAX_NODE_VOLUME_GIB],
    [
      'the number of volumes',
      (value: number) => `"count": 1, "volume": {"size": 1600, "mount_point": ${list(value)}}`,
      MAX_NODE_VOLUMES,
    ],
  ])('has a limit: %s', (_, fields, limit) => {
    expect(errorsOf(role(fields(limit)))).toEqual([]);
    expect(errorsOf(role(fields(limit + 1)))[0]).toContain(`the limit is ${limit}`);
  });

  it('has a limit: the number of roles', () => {
    const roles = (count: number) =>
      Array.from({ length: count }, (_, index) => role('"count": 1', `r${index}`));
    expect(errorsOf(...roles(MAX_ROLES))).toEqual([]);
    expect(errorsOf(...roles(MAX_ROLES + 1))[0]).toContain(`the limit is ${MAX_ROLES}`);
  });
});
