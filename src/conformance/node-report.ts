import assert from 'node:assert/strict';
import { WindlassError, type NodeVolume } from '../domain/index.ts';
import type { NodeShell } from '../nodes/index.ts';
import { eventually, type Bench } from './bench.ts';
import type { CloudResource } from './options.ts';
import type { TraitContext } from './trait-context.ts';

/**
 * Asserts that the stored state of the node under test, as waits reported it, is true: status, ids,
 * address, sshd, devices and sizes. Reads once.
 */
export async function assertNodeReported(
  { engine, list, node: { nodeId } }: Bench,
  optional: TraitContext['optional'],
): Promise<void> {
  const node = engine.cluster().nodes.find((candidate) => candidate.nodeId === nodeId);
  assert.ok(node, `node ${nodeId} is no longer in its cluster`);
  const own = (await list()).filter(({ token }) => token.includes(`/${nodeId}/`));
  const instance = own.find(({ kind }) => kind === 'instance');
  if (instance === undefined) {
    assert.ok(
      ['pending', 'deleted'].includes(node.status),
      `status of a node without instance: ${node.status}`,
    );
    assert.equal(node.instanceId, '', 'instanceId of a node without instance');
  } else {
    assert.equal(node.instanceId, instance.id, 'instanceId of the node');
    assert.equal(node.status, instance.state === 'running' ? 'active' : instance.state, 'status of the node');
    if (instance.state === 'running') {
      assert.notEqual(node.privateIp, '', 'privateIp of a node that runs');
      const address = optional('address', instance.address);
      if (address !== undefined) assert.equal(node.privateIp, address, 'privateIp');
      const { port, user } = node.ssh;
      assert.notEqual(user, '', 'ssh.user of a node that runs');
      assert.ok(Number.isInteger(port) && port > 0 && port < 65_536, `ssh.port of a node that runs: ${port}`);
    }
  }
  for (const volume of own.filter(({ kind }) => kind === 'volume')) {
    const index = Number(/volume-(\d+)/.exec(volume.token)?.[1]);
    const reported: NodeVolume | undefined = node.volumes.find((candidate) => candidate.index === index);
    assert.equal(reported?.volumeId, volume.id, `volumeId of volume ${index} of the node`);
    if (volume.sizeGiB !== undefined)
      assert.equal(reported.sizeGiB, volume.sizeGiB, `size of volume ${index}`);
    assertDevice(reported.device, volume, index, optional);
  }
  const kept = new Set(own.map(({ id }) => id));
  const gone = node.volumes.filter(({ volumeId }) => volumeId !== '' && !kept.has(volumeId));
  assert.deepEqual(gone, [], 'volumes of the node that do not exist');
}

/**
 * A node that runs is reached where its wait says, as the user and under the host key that it says.
 * Its sshd may take a moment after that.
 */
export async function assertNodeReached(
  { engine, node: { nodeId } }: Bench,
  shell: NodeShell,
  limitMs: number,
): Promise<void> {
  const node = engine.cluster().nodes.find((candidate) => candidate.nodeId === nodeId);
  assert.ok(node, `node ${nodeId} is no longer in its cluster`);
  if (node.status !== 'active') return;
  const privateKey = engine.accessOf(node).clientPrivateKey;
  const target = { host: node.privateIp, ...node.ssh, privateKey };
  await eventually(limitMs, async () => {
    try {
      await shell.ping(target, AbortSignal.timeout(limitMs));
    } catch (error) {
      if (!WindlassError.isInstance(error) || error.kind !== 'unavailable')
        assert.fail(`the sshd of node ${nodeId} is not what was reported: ${String(error)}`);
      throw error;
    }
  });
}

function assertDevice(
  device: string,
  volume: CloudResource,
  index: number,
  optional: TraitContext['optional'],
): void {
  if (volume.state !== 'attached') {
    assert.equal(device, '', `device of volume ${index}, which is not attached`);
    return;
  }
  assert.notEqual(device, '', `device of volume ${index}, which is attached`);
  const seen = optional('device', volume.device);
  if (seen !== undefined) assert.equal(device, seen, `device of volume ${index}`);
}
