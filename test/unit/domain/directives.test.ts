import { describe, expect, it } from 'vitest';
import {
  readTask,
  TASK_ACTION_NAMES,
  TASK_ACTIONS,
  type StoredTask,
  type TaskAction,
} from '../../../src/domain/index.ts';
import { RELEASE_TASKS } from '../../../src/providers/kubernetes/release-tasks.ts';

const FACTS = { ...TASK_ACTIONS, ...RELEASE_TASKS };

function stored(action: TaskAction, directive: object): StoredTask {
  return {
    taskId: 'j-1.0.0',
    jobId: 'j-1',
    clusterId: 'cl-1',
    layerIndex: 0,
    index: 0,
    lane: null,
    action,
    nodeId: 'cln-1',
    label: 'node 1',
    directive,
    resources: [],
    failureAllowed: false,
    timeoutSeconds: 60,
    status: 'queued',
    round: 0,
    failures: 0,
    observation: null,
    error: null,
    startedAt: null,
    endedAt: null,
  };
}

const volume = {
  index: 0,
  sizeGiB: 1,
  volumeClass: 0,
  mountPoint: '/d',
  mountOptions: '',
  filesystem: 'ext4',
};
const service = { service: 'start', command: 'start.sh', commandTimeoutSeconds: 60, idempotent: false };

describe('a stored task', () => {
  it.each<[keyof typeof FACTS, object]>([
    ['StopInstances', {}],
    ['CreateVolumes', { volumes: [volume] }],
    [
      'FormatAndMountVolumes',
      { volumes: [volume], format: true, earlier: [{ taskId: 'j-0.2.0', round: 0 }] },
    ],
    ['StartService', service],
    ['RegisterMetadata', { addingHosts: ['cln-2'], verticalScalingRoles: [] }],
    ['RegisterMetadata', {}],
    ['PurgeRelease', { release: 'web', namespace: 'default' }],
  ])('of %s is what its provider is given', (action, directive) => {
    expect(readTask(stored(action, directive), FACTS[action]).directive).toEqual(directive);
  });

  it.each<[keyof typeof FACTS, object, string]>([
    ['RunInstances', {}, 'cpu'],
    ['CreateVolumes', { volumes: [{ ...volume, sizeGiB: '1' }] }, 'volumes'],
    ['StartService', { ...service, commandTimeoutSeconds: undefined }, 'commandTimeoutSeconds'],
    ['StartService', { ...service, earlier: [1] }, 'earlier'],
    ['RegisterMetadata', { deletingHosts: 'cln-1' }, 'deletingHosts'],
    ['UpgradeRelease', { release: 'web', namespace: 'default', overrides: [{}] }, 'overrides'],
  ])('of %s that is told %j is refused, naming %s', (action, directive, field) => {
    expect(() => readTask(stored(action, directive), FACTS[action])).toThrow(
      expect.objectContaining({
        kind: 'internal',
        code: 'DIRECTIVE_INVALID',
        message: expect.stringContaining(field),
      }),
    );
  });

  it.each(TASK_ACTION_NAMES)('of %s is read as its action says, or refused with one code', (action) => {
    try {
      readTask(stored(action, {}), FACTS[action]);
    } catch (error) {
      expect(error).toMatchObject({ code: 'DIRECTIVE_INVALID' });
    }
  });
});
