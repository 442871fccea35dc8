import assert from 'node:assert/strict';
import type { NodeWorld, Operation } from './operations.ts';
import type { WorldResource } from './options.ts';

/** The operations of a provider of releases, in the order of a cluster's life. */
export const RELEASE_OPERATIONS: readonly Operation[] = [
  {
    action: 'InstallRelease',
    prepare: [],
    makes: 'release',
    needsVolumes: false,
    assertHolds: (world) => assertRelease(world, 'running'),
  },
  {
    action: 'UpgradeRelease',
    prepare: ['InstallRelease'],
    makes: null,
    needsVolumes: false,
    assertHolds: (world) => assertRelease(world, 'running'),
  },
  {
    action: 'RollbackRelease',
    prepare: ['InstallRelease', 'UpgradeRelease'],
    makes: null,
    needsVolumes: false,
    assertHolds: (world) => assertRelease(world, 'running'),
  },
  {
    action: 'RestartWorkloads',
    prepare: ['InstallRelease'],
    makes: null,
    needsVolumes: false,
    assertHolds: (world) => assertRelease(world, 'running'),
  },
  {
    action: 'StopWorkloads',
    prepare: ['InstallRelease'],
    makes: null,
    needsVolumes: false,
    assertHolds: (world) => assertRelease(world, 'stopped'),
  },
  {
    action: 'StartWorkloads',
    prepare: ['InstallRelease', 'StopWorkloads'],
    makes: null,
    needsVolumes: false,
    assertHolds: (world) => assertRelease(world, 'running'),
  },
  {
    action: 'UninstallRelease',
    prepare: ['InstallRelease'],
    makes: null,
    needsVolumes: false,
    assertHolds: (world) => assertOne(world, 'recorded'),
  },
  {
    action: 'PurgeRelease',
    prepare: ['InstallRelease', 'UninstallRelease'],
    makes: null,
    needsVolumes: false,
    assertHolds: (world) => assert.deepEqual(world.releases, [], 'releases that are left'),
  },
];

function assertOne({ releases }: NodeWorld, state: WorldResource['state']): WorldResource {
  const [release] = releases;
  assert.ok(release, 'the cluster has no release');
  assert.equal(releases.length, 1, `releases of one cluster: ${releases.map(({ id }) => id).join(', ')}`);
  assert.equal(release.state, state, `state of ${release.id}`);
  return release;
}

function assertRelease(world: NodeWorld, state: WorldResource['state']): void {
  const { version, id } = assertOne(world, state);
  if (world.asked.version !== undefined) assert.equal(version, world.asked.version, `what ${id} runs`);
}
