import { NODE, packageOf, withNode, type FaultRow } from './one-fault.ts';

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
];
