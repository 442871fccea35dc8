import { NODE, packageOf, withItem, withNode, type FaultRow } from './one-fault.ts';

/** A form of so many items; each of them deserves a warning or two. */
export function formOf(count: number): string {
  const item = (index: number): object => ({ key: `k${index}`, type: 'string', required: 'no' });
  return JSON.stringify({ properties: Array.from({ length: count }, (_, index) => item(index)) });
}

/** What exceeds a limit, each once; the table of each limit has what stands at it and beyond. */
export const OVER_LIMITS: readonly FaultRow[] = [
  [
    'too many nodes',
    packageOf(`{"nodes": [${NODE.replace('{{cluster.count}}', '1001')}]}`),
    'cluster.json.mustache: nodes.0.count: makes a cluster of 1001 nodes; the limit is 1000',
  ],
  [
    'too many roles',
    packageOf(`{"nodes": [${Array.from({ length: 201 }, () => NODE).join(',')}]}`),
    'cluster.json.mustache: nodes: has 201 roles; the limit is 200',
  ],
  [
    'a volume that is too large',
    withNode('"volume": {"size": 2000000}'),
    'cluster.json.mustache: nodes.0.volume.size: is 2000000; the limit is 1048576',
  ],
  [
    'too many volumes',
    withNode(`"volume": {"size": 170, "mount_point": ${JSON.stringify(Array(17).fill('/data'))}}`),
    'cluster.json.mustache: nodes.0.volume.mount_point: names 17 volumes; the limit is 16',
  ],
  [
    'too many items',
    packageOf('{}', formOf(2_001)),
    'config.json: properties: has 2001 items, groups included; the limit is 2000',
  ],
  [
    'an item with a very long key',
    packageOf('{}', JSON.stringify({ properties: [{ key: 'k'.repeat(251), type: 'string' }] })),
    'config.json: properties[0]: has a key of 251 characters; the limit is 250',
  ],
  [
    'a pattern that is too long',
    withItem(`"default":"x","pattern":"${'x'.repeat(1_001)}"`),
    'config.json: cluster.name.pattern: has 1001 characters; the limit is 1000',
  ],
  [
    'a very long placeholder',
    packageOf(`{"nodes": [${NODE}], "name": {{${'x'.repeat(501)}}}}`),
    'cluster.json.mustache: a placeholder has 501 characters; the limit is 500',
  ],
  [
    'a number beyond what JSON’s readers hold',
    packageOf(`{"nodes": [${NODE.replace('{{cluster.count}}', '1e999')}]}`),
    'cluster.json.mustache: a number is too large',
  ],
  [
    'a cluster that nests deeply',
    withNode(`"x": ${'['.repeat(101)}${']'.repeat(101)}`),
    'cluster.json.mustache: nested too deeply; the limit is 100',
  ],
  [
    'a form with a very long key of an object',
    packageOf('{}', `{"${'k'.repeat(2_001)}": 1}`),
    'config.json: a key has 2001 characters; the limit is 2000',
  ],
  [
    'a form of very many values',
    packageOf('{}', `[${'0,'.repeat(200_000)}0]`),
    'config.json: too many values; the limit is 200000',
  ],
  [
    'a form of very much text',
    packageOf('{}', ' '.repeat(2 * 1024 * 1024 + 1)),
    'config.json: the text has 2097153 characters; the limit is 2097152',
  ],
  [
    'mount options of two lines',
    withNode('"volume": {"size": 10, "mount_options": "defaults\\nUUID=x / ext4"}'),
    'cluster.json.mustache: nodes.0.volume.mount_options: "defaults\\nUUID=x / ext4" must be one word, without white space or quotes',
  ],
  [
    'a mount point of two lines',
    withNode('"volume": {"size": 10, "mount_point": "/a\\nb"}'),
    'cluster.json.mustache: nodes.0.volume.mount_point: "/a\\nb" must be an absolute path without white space, quotes, . or ..',
  ],
  [
    'an env name of two lines',
    withNode('"env": {"a\\nb": 1}'),
    'cluster.json.mustache: nodes.0.env: has a name that is no text: "a\\nb" holds a control character',
  ],
  [
    'a role with a slash',
    withNode('"role": "a/b"'),
    'cluster.json.mustache: nodes.0.role: "a/b" holds a slash or a control character',
  ],
];
