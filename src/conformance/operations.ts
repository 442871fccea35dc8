import assert from 'node:assert/strict';
import type { TaskAction, VolumeSpec } from '../domain/index.ts';
import type { CloudResource } from './options.ts';

/** What the cloud holds of the node under test (or of the cluster, for releases), and what it was asked for. */
export interface NodeResources {
  readonly instances: readonly CloudResource[];
  readonly volumes: readonly CloudResource[];
  readonly releases: readonly CloudResource[];
  readonly asked: {
    readonly volumes: readonly VolumeSpec[];
    readonly cpu: number;
    readonly memoryMiB: number;
    /** Of releases. */
    readonly version?: string;
  };
}

/** One handle/wait pair. */
export interface Operation {
  readonly action: TaskAction;
  /** What has been done before, in this order. */
  readonly prepare: readonly TaskAction[];
  /** What a second effect would make twice. */
  readonly makes: 'instance' | 'volume' | 'release' | null;
  /** Whether it is about volumes: left out where capabilities say that there are none. */
  readonly needsVolumes: boolean;
  /** @throws if the effect does not exist, or exists more than once. */
  assertHolds(cloud: NodeResources): void;
}

/** The ten pairs, in the order of a node's life. */
export const OPERATIONS: readonly Operation[] = [
  {
    action: 'CreateVolumes',
    prepare: [],
    makes: 'volume',
    needsVolumes: true,
    assertHolds: (cloud) => assertVolumes(cloud, 'available'),
  },
  {
    action: 'RunInstances',
    prepare: [],
    makes: 'instance',
    needsVolumes: false,
    assertHolds: (cloud) => assertInstance(cloud, 'running'),
  },
  {
    action: 'AttachVolumes',
    prepare: ['CreateVolumes', 'RunInstances'],
    makes: null,
    needsVolumes: true,
    assertHolds(cloud) {
      assertVolumes(cloud, 'attached');
      const instance = assertInstance(cloud, 'running');
      for (const volume of cloud.volumes)
        assert.equal(volume.attachedTo, instance.id, `where ${volume.id} is attached`);
    },
  },
  {
    action: 'StopInstances',
    prepare: ['RunInstances'],
    makes: null,
    needsVolumes: false,
    assertHolds: (cloud) => assertInstance(cloud, 'stopped'),
  },
  {
    action: 'StartInstances',
    prepare: ['RunInstances', 'StopInstances'],
    makes: null,
    needsVolumes: false,
    assertHolds: (cloud) => assertInstance(cloud, 'running'),
  },
  {
    action: 'ResizeInstances',
    prepare: ['RunInstances', 'StopInstances'],
    makes: null,
    needsVolumes: false,
    assertHolds: (cloud) => assertInstance(cloud, 'stopped'),
  },
  {
    action: 'ResizeVolumes',
    prepare: ['CreateVolumes'],
    makes: null,
    needsVolumes: true,
    assertHolds: (cloud) => assertVolumes(cloud, 'available'),
  },
  {
    action: 'DetachVolumes',
    prepare: ['CreateVolumes', 'RunInstances', 'AttachVolumes', 'StopInstances'],
    makes: null,
    needsVolumes: true,
    assertHolds: (cloud) => assertVolumes(cloud, 'available'),
  },
  {
    action: 'DeleteVolumes',
    prepare: ['CreateVolumes'],
    makes: null,
    needsVolumes: true,
    assertHolds: (cloud) => assert.deepEqual(cloud.volumes, [], 'volumes that are left'),
  },
  {
    action: 'DeleteInstances',
    prepare: ['RunInstances'],
    makes: null,
    needsVolumes: false,
    assertHolds: (cloud) => assert.deepEqual(cloud.instances, [], 'instances that are left'),
  },
];

function assertInstance(cloud: NodeResources, state: CloudResource['state']): CloudResource {
  const [instance] = cloud.instances;
  assert.ok(instance, 'the node has no instance');
  assert.equal(cloud.instances.length, 1, `instances of one node: ${describe(cloud.instances)}`);
  assert.equal(instance.state, state, `state of ${instance.id}`);
  const { cpu, memoryMiB } = instance;
  const { asked } = cloud;
  if (cpu !== undefined) assert.ok(cpu >= asked.cpu, `${cpu} CPUs, asked for ${asked.cpu}`);
  if (memoryMiB !== undefined)
    assert.ok(memoryMiB >= asked.memoryMiB, `${memoryMiB} MiB, asked for ${asked.memoryMiB}`);
  return instance;
}

function assertVolumes(cloud: NodeResources, state: CloudResource['state']): void {
  const { volumes, asked } = cloud;
  assert.equal(volumes.length, asked.volumes.length, `volumes of one node: ${describe(volumes)}`);
  for (const volume of volumes) assert.equal(volume.state, state, `state of ${volume.id}`);
  const sizes = volumes.map((volume) => volume.sizeGiB ?? 0).sort(ascending);
  const atLeast = asked.volumes.map((volume) => volume.sizeGiB).sort(ascending);
  for (const [index, size] of atLeast.entries()) {
    assert.ok(
      (sizes[index] ?? 0) >= size,
      `volumes of ${sizes.join(', ')} GiB, asked for ${atLeast.join(', ')}`,
    );
  }
}

function ascending(left: number, right: number): number {
  return left - right;
}

function describe(resources: readonly CloudResource[]): string {
  return (
    resources.map((resource) => `${resource.id} (${resource.state}) of ${resource.token}`).join(', ') ||
    'none'
  );
}
