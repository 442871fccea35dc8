import { readNumber, requireList, requireText, type Params } from './parameters.ts';
import { instanceDemand, requireQuota } from './quotas.ts';
import { readSize } from './run-instances.ts';
import type { InstanceState } from './state.ts';
import {
  findInstances,
  requireLease,
  requireState,
  startJob,
  type RequestContext,
} from './request-context.ts';

/** Checks all, then starts one job for all. */
function change(
  context: RequestContext,
  params: Params,
  how: {
    readonly action: string;
    readonly from: readonly string[];
    readonly verb: string;
    readonly transition: string;
    readonly data?: Readonly<Record<string, string | number>>;
    check?(instance: InstanceState): void;
  },
): object {
  const instances = findInstances(context, requireList(params, 'instances'));
  for (const instance of instances) {
    requireState('instance', instance, how.from, how.verb);
    how.check?.(instance);
  }
  for (const instance of instances) instance.transition = how.transition;
  const ids = instances.map(({ id }) => id);
  return { job_id: startJob(context, how.action, ids, how.data) };
}

export function stopInstances(context: RequestContext, params: Params): object {
  const how = { action: 'StopInstances', from: ['running'], verb: 'stopped', transition: 'stopping' };
  return change(context, params, how);
}

export function startInstances(context: RequestContext, params: Params): object {
  const how = { action: 'StartInstances', from: ['stopped'], verb: 'started', transition: 'starting' };
  return change(context, params, how);
}

export function terminateInstances(context: RequestContext, params: Params): object {
  return change(context, params, {
    action: 'TerminateInstances',
    from: ['running', 'stopped', 'suspended'],
    verb: 'terminated',
    transition: 'terminating',
    data: { ceased: readNumber(params, 'direct_cease') ?? 0 },
    check: (instance) => requireLease(context, instance),
  });
}

export function ceaseInstances(context: RequestContext, params: Params): object {
  return change(context, params, {
    action: 'CeaseInstances',
    from: ['terminated'],
    verb: 'ceased',
    transition: 'ceasing',
    data: { ceased: 1 },
  });
}

export function resizeInstances(context: RequestContext, params: Params): object {
  const size = readSize(params);
  return change(context, params, {
    action: 'ResizeInstances',
    from: ['stopped'],
    verb: 'resized',
    transition: 'updating',
    data: { ...size },
    check(instance) {
      const asked = Object.entries(instanceDemand({ ...size, class: instance.class }));
      const had = instanceDemand(instance);
      requireQuota(
        context,
        Object.fromEntries(asked.map(([name, each]) => [name, each - (had[name] ?? 0)])),
        1,
      );
    },
  });
}

export function modifyInstanceAttributes(context: RequestContext, params: Params): object {
  const [instance] = findInstances(context, [requireText(params, 'instance')]);
  if (instance !== undefined) {
    instance.name = params['instance_name'] ?? instance.name;
    context.effect.push(instance.id);
  }
  return {};
}
