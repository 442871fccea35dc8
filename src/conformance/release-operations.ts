import assert from 'node:assert/strict';
import type { NodeResources, Operation } from './operations.ts';
import type { CloudResource } from './options.ts';

/** The operations of a provider of releases, in the order of a cluster's life. */
export const RELEASE_OPERATIONS: readonly Operation[] = [
  {
    action: 'InstallRelease',
    prepare: [],
    makes: 'release',
    needsVolumes: false,
    assertHolds: (cloud) => assertRelease(cloud, 'running'),
  },
  {
    action: 'UpgradeRelease',
    prepare: ['InstallRelease'],
    makes: null,
    needsVolumes: false,
    assertHolds: (cloud) => assertRelease(cloud, 'running'),
  },
  {
    action: 'RollbackRelease',
    prepare: ['InstallRelease', 'UpgradeRelease'],
    makes: null,
    needsVolumes: false,
    assertHolds: (cloud) => assertRelease(cloud, 'running'),
  },
  {
    action: 'RestartWorkloads',
    prepare: ['InstallRelease'],
    makes: null,
    needsVolumes: false,
    assertHolds: (cloud) => assertRelease(cloud, 'running'),
  },
  {
    action: 'StopWorkloads',
    prepare: ['InstallRelease'],
    makes: null,
    needsVolumes: false,
    assertHolds: (cloud) => assertRelease(cloud, 'stopped'),
  },
  {
    action: 'StartWorkloads',
    prepare: ['InstallRelease', 'StopWorkloads'],
    makes: null,
    needsVolumes: false,
    assertHolds: (cloud) => assertRelease(cloud, 'running'),
  },
  {
    action: 'UninstallRelease',
    prepare: ['InstallRelease'],
    makes: null,
    needsVolumes: false,
    assertHolds: (cloud) => assertOne(cloud, 'recorded'),
  },
  {
    action: 'PurgeRelease',
    prepare: ['InstallRelease', 'UninstallRelease'],
    makes: null,
    needsVolumes: false,
    assertHolds: (cloud) => assert.deepEqual(cloud.releases, [], 'releases that are left'),
  },
];

function assertOne({ releases }: NodeResources, state: CloudResource['state']): CloudResource {
  const [release] = releases;
  assert.ok(release, 'the cluster has no release');
  assert.equal(releases.length, 1, `releases of one cluster: ${releases.map(({ id }) => id).join(', ')}`);
  assert.equal(release.state, state, `state of ${release.id}`);
  return release;
}

function assertRelease(cloud: NodeResources, state: CloudResource['state']): void {
  const { version, id } = assertOne(cloud, state);
  if (cloud.asked.version !== undefined) assert.equal(version, cloud.asked.version, `what ${id} runs`);
}
