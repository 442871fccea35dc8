import { WindlassError } from '../../domain/index.ts';
import type { NodeShell, NodeTarget } from '../../nodes/index.ts';
import type { HostKeyPair, NodeTaskContext, ObserveCall, Observation } from '../../provider/index.ts';
import type { NodeTaskImplementation } from '../task-implementation.ts';
import { toNodeTarget } from '../node-target.ts';
import { buildHostKeyScript } from './host-key-script.ts';

/**
 * Waits until the node's sshd answers with the host key that was generated for it and accepts the
 * cluster's key. Over the first connection the host key is changed: the first one is in user-data, which
 * others may read. No other file is written: those come with the configuration, when the volumes are
 * mounted and cannot hide them. Changes: node.ssh.hostKey.
 *
 * @throws permission `NODE_HOST_KEY` when the node shows neither key, `NODE_AUTH`, `NODE_SUDO`.
 */
export function createPrepareNodeTask(nodes: NodeShell): Required<NodeTaskImplementation> {
  return {
    handle: async () => ({ state: 'started' }),
    wait: async (context, call) => {
      const target = toNodeTarget(context.node, context.access);
      // A node that shares its machine has no sshd of its own that could get a key.
      if (target.root !== '') return observePing(nodes, target, call, { state: 'done' });
      const changed = await context.loadChangedHostKey();
      const changedTarget = { ...target, hostKey: changed.publicKey };
      const done: Observation = {
        state: 'done',
        changes: { node: { ssh: { ...context.node.ssh, hostKey: changed.publicKey } } },
      };
      if (target.hostKey === changed.publicKey) return observePing(nodes, target, call, { state: 'done' });
      return changeHostKey(nodes, context, call, { target, changedTarget, changed, done });
    },
  };
}

interface HostKeyChange {
  readonly target: NodeTarget;
  readonly changedTarget: NodeTarget;
  readonly changed: HostKeyPair;
  readonly done: Observation;
}

/**
 * An effect in a wait, because only here sshd answers. It needs no lease: any worker that does it, at any
 * time and any number of times, leaves the same key; and a machine that shows another first key, e.g. a
 * successor at the same address, gets no command.
 */
async function changeHostKey(
  nodes: NodeShell,
  context: NodeTaskContext,
  call: ObserveCall,
  { target, changedTarget, changed, done }: HostKeyChange,
): Promise<Observation> {
  const script = buildHostKeyScript({ first: target.hostKey, changed: changed.publicKey });
  try {
    await nodes.run(target, script, call.signal, `${changed.privateKey.trimEnd()}\n`);
  } catch (error) {
    if (!WindlassError.isInstance(error)) throw error;
    if (error.kind === 'unavailable') return notYet(target, error);
    // An earlier attempt may have died after the change and before its record.
    if (error.code === 'NODE_HOST_KEY') return observePing(nodes, changedTarget, call, done);
    if (error.code !== 'NODE_COMMAND') throw error;
    throw new WindlassError(
      'unavailable',
      `the host key of node ${context.node.nodeId} could not be changed: ${error.message}`,
      {
        code: 'NODE_HOST_KEY_CHANGE',
        hint: 'fix the problem that the message names on the node; windlass continues by itself',
        cause: error,
      },
    );
  }
  try {
    return await observePing(nodes, changedTarget, call, done);
  } catch (error) {
    // sshd was just told to read its keys, and the connection over which it was told was verified.
    if (!WindlassError.isInstance(error) || error.code !== 'NODE_HOST_KEY') throw error;
    return { state: 'pending', seen: `sshd at ${nameTarget(target)} does not use its new host key yet` };
  }
}

async function observePing(
  nodes: NodeShell,
  target: NodeTarget,
  call: ObserveCall,
  done: Observation,
): Promise<Observation> {
  try {
    await nodes.ping(target, call.signal);
    return done;
  } catch (error) {
    // A booting node refuses or drops connections; a wrong host key is an error at once.
    if (!WindlassError.isInstance(error) || error.kind !== 'unavailable') throw error;
    return notYet(target, error);
  }
}

function notYet(target: NodeTarget, error: WindlassError): Observation {
  return { state: 'pending', seen: `sshd at ${nameTarget(target)} does not answer yet: ${error.message}` };
}

function nameTarget(target: NodeTarget): string {
  return `${target.host}:${target.port}`;
}
