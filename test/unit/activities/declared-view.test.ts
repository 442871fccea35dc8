import { expect, it } from 'vitest';
import { toDeclaredView } from '../../../activities/requests/declared-view.ts';
import { aCluster, aNode, aRole } from '../../kit/sample-records.ts';

it('shows what a package declares of a cluster and of each role', () => {
  const cluster = aCluster('cl-1', 'rt-1', 2, {
    reservedIps: { vip: '10.0.0.9' },
    advancedActions: ['change_vxnet'],
  });
  const role = aRole('cl-1', 'main', { replica: 1, advancedActions: ['scale_horizontal', 'change_vxnet'] });
  const copy = aNode('cl-1', 3, { role: 'main-replica', isReplica: true });
  const gone = aNode('cl-1', 4, { status: 'deleted' });
  const view = toDeclaredView({ ...cluster, roles: [role], nodes: [...cluster.nodes, copy, gone] });
  expect(view.roles).toEqual([
    {
      role: 'main',
      nodes: 2,
      replica: 1,
      cpu: 2,
      memoryMiB: 2048,
      gpu: 0,
      instanceClass: 0,
      volumes: [
        { mountPoint: '/data', sizeGiB: 10, filesystem: 'ext4' },
        { mountPoint: '/log', sizeGiB: 30, filesystem: 'ext4' },
      ],
      env: { port: 2379, password: { $secret: 'conf/password' } },
      services: [],
      advancedActions: ['change_vxnet', 'scale_horizontal'],
    },
  ]);
  expect(view.reservedIps).toEqual({ vip: '10.0.0.9' });
  expect(view.declared).toMatchObject({
    upgradingPolicy: 'sequential',
    backupPolicy: 'device',
    multiZonePolicy: 'round_robin',
    advancedServices: ['update_nodes_names'],
    displayTabs: [],
    addLinks: ['zk_service'],
  });
});
