import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JobPlan, TaskAction } from '../../../src/domain/index.ts';
import { canonicalJson, listLayers, listTasks, renderPlan } from '../../../src/plan/index.ts';
import { capabilities, cluster, equalNodes, manyRoles, node, role, volume } from './clusters.ts';
import { labels, laneOf, layerNames, onceActive, plan, stepNames, tasksFor, tasksOf } from './planning.ts';

// Written again with UPDATE_GOLDEN_PLANS=1; then read what changed, every line of it.
describe('plans, as they are shown, are the committed ones', () => {
  const frontgate = capabilities({ nodeAccess: 'frontgate' });
  const cases: readonly (readonly [string, () => JobPlan])[] = [
    ['equal-nodes-create', () => plan('create', equalNodes('pending', 'pending'))],
    ['equal-nodes-stop', () => plan('stop', equalNodes('active', 'active'))],
    ['equal-nodes-start', () => plan('start', equalNodes('stopped', 'stopped'))],
    ['equal-nodes-delete', () => plan('delete', equalNodes('active', 'active'))],
    ['equal-nodes-delete-failed', () => plan('delete', equalNodes('failed', 'active'))],
    ['equal-nodes-delete-once-active', () => plan('delete', onceActive(equalNodes('failed', 'active')))],
    ['equal-nodes-delete-stopped', () => plan('delete', equalNodes('stopped', 'stopped'))],
    ['many-roles-create', () => plan('create', manyRoles('pending', 'pending'))],
    ['many-roles-stop', () => plan('stop', manyRoles('active', 'active'))],
    ['many-roles-start', () => plan('start', manyRoles('stopped', 'stopped'))],
    ['many-roles-delete-forced', () => plan('delete', manyRoles('active', 'active'), { force: true })],
    ['frontgate-create', () => plan('create', equalNodes('pending', 'pending'), {}, frontgate)],
    ['frontgate-start', () => plan('start', equalNodes('stopped', 'stopped'), {}, frontgate)],
    ['frontgate-delete', () => plan('delete', equalNodes('active', 'active'), {}, frontgate)],
  ];

  it.each(cases)('%s', (name, makePlan) => {
    const shown = `${renderPlan(makePlan())}\n`;
    const file = fileURLToPath(new URL(`plans/${name}.txt`, import.meta.url));
    if (process.env['UPDATE_GOLDEN_PLANS'] === '1') {
      mkdirSync(fileURLToPath(new URL('plans', import.meta.url)), { recursive: true });
      writeFileSync(file, shown);
    }
    expect(shown).toBe(readFileSync(file, 'utf8'));
  });
});

describe('a plan is the same in whatever order roles and nodes come', () => {
  const actions = [
    ['create', 'pending', 'pending'],
    ['stop', 'active', 'active'],
    ['start', 'stopped', 'stopped'],
    ['delete', 'active', 'active'],
    ['delete', 'failed', 'lost'],
  ] as const;

  it.each(actions)('%s of a cluster that is %s', (action, status, nodeStatus) => {
    const wrapper = manyRoles(status, nodeStatus);
    const expected = canonicalJson(plan(action, wrapper));
    const shuffled = <T>(items: readonly T[]): fc.Arbitrary<T[]> =>
      fc.shuffledSubarray([...items], { minLength: items.length, maxLength: items.length });
    fc.assert(
      fc.property(shuffled(wrapper.roles), shuffled(wrapper.nodes), (roles, nodes) => {
        expect(canonicalJson(plan(action, { ...wrapper, roles, nodes }))).toBe(expected);
      }),
      { numRuns: 50 },
    );
  });

  it('survives being stored as JSON', () => {
    const made = plan('create', manyRoles('pending', 'pending'));
    expect(JSON.parse(JSON.stringify(made))).toEqual(made);
  });
});

describe('create', () => {
  it('makes nodes each for itself, then metadata, then runs init before start', () => {
    const made = plan('create', equalNodes('pending', 'pending'));
    expect(stepNames(made)).toEqual([
      'make nodes',
      'RegisterMetadata',
      'RefreshConfiguration',
      'InitService',
      'StartService',
    ]);
    for (const label of ['node 1', 'node 2', 'node 3']) {
      expect(laneOf(made, 'make nodes', label)).toEqual([
        ['CreateVolumes', 'RunInstances'],
        ['AttachVolumes'],
        ['PrepareNode'],
        ['FormatAndMountVolumes'],
      ]);
    }
    expect(made[0]).toMatchObject({ kind: 'lanes', atOnce: 4, runs: 'in-order' });
  });

  it('has as few layers as one node has, however many there are, and names them by what runs in them', () => {
    expect(layerNames(plan('create', manyRoles('pending', 'pending'))).slice(0, 6)).toEqual([
      'FrontgateAvailable',
      'CreateVolumes and RunInstances',
      'AttachVolumes',
      'PrepareNode',
      'FormatAndMountVolumes',
      'GenerateSshKeys',
    ]);
  });

  it('puts an init with post_start_service after start, and tokens between init and start', () => {
    expect(stepNames(plan('create', manyRoles('pending', 'pending')))).toEqual([
      'make nodes',
      'RegisterMetadata',
      'RefreshConfiguration',
      'InitService',
      'RegisterCustomMetadata',
      'RegisterMetadata',
      'RefreshConfiguration',
      'StartService',
      'StartService order 1',
      'InitService',
    ]);
  });

  it('runs a limited service on the first nodes by server id, never on replicas', () => {
    const made = plan('create', manyRoles('pending', 'pending'));
    expect(labels(made, 'InitService', 1)).toEqual(['master 1']);
    expect(labels(made, 'StartService')).toEqual([
      'master 1',
      'master 2',
      'master-replica 3',
      'master-replica 4',
    ]);
  });

  it('sorts nodes by number, not by text', () => {
    expect(labels(plan('create', manyRoles('pending', 'pending')), 'StartService order 1')).toEqual([
      'client 9',
      'client 10',
    ]);
  });

  it('leaves roles without volumes out of volume layers and roles without nodes out of all', () => {
    const made = plan('create', manyRoles('pending', 'pending'));
    expect(tasksFor(made, 'CreateVolumes').map(({ label }) => label)).not.toContain('client 9');
    expect(listTasks(made).filter((task) => task.label.startsWith('absent'))).toEqual([]);
    const none = cluster('pending', { roles: [role('web')], nodes: [node('web', 1)] });
    expect(layerNames(plan('create', none)).filter((name) => name.includes('Volumes'))).toEqual([]);
  });

  it('makes machines for a role without agent, and does nothing on them', () => {
    const made = plan('create', manyRoles('pending', 'pending'));
    const actions = listTasks(made)
      .filter((task) => task.label === 'plain 1')
      .map((task) => task.action);
    expect(actions).toEqual(['CreateVolumes', 'RunInstances', 'AttachVolumes']);
  });

  it('says of each resource whether it makes, removes or uses it, and what it is made to be', () => {
    const wrapper = manyRoles('pending', 'pending');
    const made = plan('create', wrapper);
    const volumes = wrapper.roles.find(({ role }) => role === 'master')?.volumes;
    const claims = (action: TaskAction): unknown =>
      tasksFor(made, action).find((task) => task.label === 'master 1')?.resources;
    expect(claims('CreateVolumes')).toEqual([
      { kind: 'volume-0', intent: 'make', spec: volumes?.find(({ index }) => index === 0) },
      { kind: 'volume-1', intent: 'make', spec: volumes?.find(({ index }) => index === 1) },
    ]);
    const run = tasksFor(made, 'RunInstances').find((task) => task.label === 'master 1');
    if (run?.action !== 'RunInstances') throw new Error('master 1 is not made');
    const { hostname: _hostname, ...spec } = run.directive;
    // Its volumes are made at the same time, by another task.
    expect(claims('RunInstances')).toEqual([{ kind: 'instance', intent: 'make', spec }]);
    expect(claims('AttachVolumes')).toEqual([
      { kind: 'volume-0', intent: 'use' },
      { kind: 'volume-1', intent: 'use' },
    ]);
    expect(claims('StartService')).toEqual([{ kind: 'instance', intent: 'use' }]);
  });

  it('gives each node the address that its role asks for, where the provider can', () => {
    const wrapper = equalNodes('pending', 'pending');
    const asking = {
      ...wrapper,
      roles: wrapper.roles.map((one) => ({ ...one, extra: { private_ips: ['10.0.0.5', '', '10.0.0.7'] } })),
    };
    const made = plan('create', asking, {}, capabilities({ privateIps: true }));
    expect(
      tasksFor(made, 'RunInstances').map(
        (task) => task.action === 'RunInstances' && task.directive.privateIp,
      ),
    ).toEqual(['10.0.0.5', undefined, '10.0.0.7']);
    expect(() => plan('create', asking)).toThrow(/private_ips/);
  });

  it('waits a little longer than the limit of a service, which the node keeps itself', () => {
    const [task] = tasksOf(plan('create', equalNodes('pending', 'pending')), 'StartService');
    expect(task?.directive).toHaveProperty('commandTimeoutSeconds', 86_400);
    expect(task?.timeoutSeconds).toBe(86_430);
  });

  it('is refused when the provider lacks what the cluster needs, naming everything', () => {
    const wrapper = cluster(
      'pending',
      { roles: [role('web', { gpu: 1, volumes: [volume(0, '/data')] })], nodes: [node('web', 1)] },
      { reservedIps: { vip: '' } },
    );
    expect(() => plan('create', wrapper, {}, capabilities({ volumes: false }))).toThrow(
      expect.objectContaining({
        kind: 'invalid-input',
        code: 'CAPABILITY_MISSING',
        message: expect.stringContaining('gpu, reserved_ips, volumes'),
      }),
    );
  });
});

describe('stop', () => {
  it('stops services by order, and stops the instances whatever the services said', () => {
    const made = plan('stop', manyRoles('active', 'active'));
    expect(stepNames(made)).toEqual([
      'StopService order -1',
      'StopService order 2',
      'stop nodes',
      'DeregisterMetadata',
    ]);
    expect(laneOf(made, 'stop nodes', 'master 1')).toEqual([
      ['StopConfiguration'],
      ['UnmountVolumes'],
      ['StopInstances'],
      ['DetachVolumes'],
    ]);
    const required = listLayers(made).filter((layer) => layer.tasks.some((task) => !task.failureAllowed));
    expect(required.map((layer) => layer.title)).toEqual(['StopInstances', 'DetachVolumes']);
  });

  it('takes the metadata away also where the job fails', () => {
    const made = plan('stop', equalNodes('active', 'active'));
    expect(made.filter(({ runs }) => runs === 'always').map(({ title }) => title)).toEqual([
      'DeregisterMetadata',
    ]);
  });

  it('of a failed cluster works only on the nodes that run, and stops all', () => {
    const wrapper = equalNodes('failed', 'active');
    const nodes = wrapper.nodes.map((each) =>
      each.serverId === 2 ? { ...each, status: 'pending' as const } : each,
    );
    const made = plan('stop', { ...wrapper, nodes });
    expect(labels(made, 'StopService')).toEqual(['node 1', 'node 3']);
    expect(labels(made, 'StopInstances')).toEqual(['node 1', 'node 2', 'node 3']);
  });
});

describe('start', () => {
  it('mounts before services start, and never formats', () => {
    const made = plan('start', equalNodes('stopped', 'stopped'));
    expect(stepNames(made)).toEqual([
      'start nodes',
      'RegisterMetadata',
      'RefreshConfiguration',
      'StartService',
    ]);
    expect(laneOf(made, 'start nodes', 'node 2')).toEqual([
      ['AttachVolumes'],
      ['StartInstances'],
      ['PrepareNode'],
      ['FormatAndMountVolumes'],
    ]);
    expect(
      tasksOf(made, 'FormatAndMountVolumes').map(
        (task) => task.action === 'FormatAndMountVolumes' && task.directive.format,
      ),
    ).toEqual([false, false, false]);
  });
});

describe('delete', () => {
  it('lets destroy refuse before anything is stopped', () => {
    const made = plan('delete', equalNodes('active', 'active'));
    expect(stepNames(made)).toEqual(['DestroyService', 'StopService', 'delete nodes', 'DeregisterMetadata']);
    expect(laneOf(made, 'delete nodes', 'node 3')).toEqual([
      ['StopConfiguration'],
      ['UnmountVolumes'],
      ['StopInstances'],
      ['DetachVolumes'],
      ['DeleteInstances', 'DeleteVolumes'],
    ]);
    expect(tasksOf(made, 'DestroyService').every((task) => task.failureAllowed)).toBe(false);
  });

  it('runs a destroy with post_stop_service after stop', () => {
    const names = layerNames(plan('delete', manyRoles('active', 'active')));
    expect(names.slice(0, 4)).toEqual([
      'DestroyService order 3',
      'StopService order -1',
      'StopService order 2',
      'DestroyService',
    ]);
  });

  it('takes the metadata away also where the job fails, unless a destroy may have refused it', () => {
    const always = (made: JobPlan): boolean => made.some(({ runs }) => runs === 'always');
    expect(always(plan('delete', equalNodes('active', 'active')))).toBe(false);
    expect(always(plan('delete', equalNodes('active', 'active'), { force: true }))).toBe(true);
    // One of its destroy services cannot be forced.
    expect(always(plan('delete', manyRoles('active', 'active'), { force: true }))).toBe(false);
    expect(always(plan('delete', equalNodes('stopped', 'stopped')))).toBe(true);
    expect(always(plan('delete', equalNodes('failed', 'active')))).toBe(true);
  });

  it('forces only the destroy that may be forced', () => {
    const made = plan('delete', manyRoles('active', 'active'), { force: true });
    expect(tasksOf(made, 'DestroyService order 3').map((task) => task.failureAllowed)).toEqual([true, true]);
    expect(tasksOf(made, 'DestroyService').map((task) => task.failureAllowed)).toEqual([false]);
  });

  it('asks a failed cluster that was active once as it asks an active one', () => {
    const once = onceActive(equalNodes('failed', 'active'));
    expect(plan('delete', once)).toEqual(plan('delete', equalNodes('active', 'active')));
    expect(tasksOf(plan('delete', once), 'DestroyService').some((task) => task.failureAllowed)).toBe(false);
    const forced = plan('delete', onceActive(manyRoles('failed', 'active')), { force: true });
    expect(forced).toEqual(plan('delete', manyRoles('active', 'active'), { force: true }));
    const [node, ...others] = once.nodes;
    if (node === undefined) throw new Error('no nodes');
    const partly = { ...once, nodes: [{ ...node, status: 'stopped' as const }, ...others] };
    expect(labels(plan('delete', partly), 'DestroyService')).toEqual(['node 2', 'node 3']);
  });

  it('does not ask a cluster that never got whole', () => {
    const names = layerNames(plan('delete', equalNodes('failed', 'active')));
    expect(names.filter((name) => name.includes('Service'))).toEqual([]);
    expect(names[0]).toBe('StopInstances');
  });

  it.each(['pending', 'stopped', 'failed', 'active'] as const)(
    'of a %s cluster takes every node, whatever its status',
    (status) => {
      const wrapper = onceActive(equalNodes(status, 'active'));
      const statuses = ['pending', 'lost', 'deleted'] as const;
      const nodes = wrapper.nodes.map((each, index) => ({ ...each, status: statuses[index] ?? each.status }));
      const made = plan('delete', { ...wrapper, nodes });
      for (const action of ['DetachVolumes', 'DeleteInstances', 'DeleteVolumes'] as const) {
        const tasks = tasksFor(made, action);
        expect(tasks.map(({ label }) => label)).toEqual(['node 1', 'node 2', 'node 3']);
        expect(tasks.some((task) => task.failureAllowed)).toBe(false);
      }
      // None of the three can be reached.
      expect(listTasks(made).filter((task) => task.action.endsWith('Service'))).toEqual([]);
    },
  );
});

describe('other actions', () => {
  it.each(['resize', 'cease', 'add-nodes'] as const)('%s is refused, naming what is supported', (action) => {
    const every = capabilities({ actions: ['create', 'stop', 'start', 'delete', 'resize', 'cease'] });
    expect(() => plan(action, equalNodes('active', 'active'), {}, every)).toThrow(
      expect.objectContaining({
        kind: 'invalid-input',
        code: 'ACTION_NOT_SUPPORTED',
        hint: 'supported are: create, stop, start, delete',
      }),
    );
  });

  it('an action that the provider does not declare is refused too', () => {
    expect(() =>
      plan('stop', equalNodes('active', 'active'), {}, capabilities({ actions: ['create'] })),
    ).toThrow(expect.objectContaining({ code: 'ACTION_NOT_SUPPORTED' }));
  });
});
