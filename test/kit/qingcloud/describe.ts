import { readList, readNumber, type Params } from './parameters.ts';
import { notFound } from './refusal.ts';
import { countFreeAddresses } from './run-instances.ts';
import { showInstance, showJob, showVolume } from './show.ts';
import type { RequestContext } from './request-context.ts';

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;

/** One page of what matches, with the number of all. */
export function toPage(params: Params, field: string, items: readonly object[]): object {
  const offset = readNumber(params, 'offset') ?? 0;
  const limit = Math.min(readNumber(params, 'limit') ?? DEFAULT_LIMIT, MAX_LIMIT);
  return { [field]: items.slice(offset, offset + limit), total_count: items.length };
}

/** Filters that a resource with a name has. What has ceased is shown only where its status is named. */
function selectBy<Item extends { readonly id: string; readonly name: string }>(
  items: readonly Item[],
  params: Params,
  name: string,
): readonly Item[] {
  const ids = readList(params, name);
  const word = params['search_word'] ?? '';
  return items.filter(
    ({ id, name: called }) =>
      (ids.length === 0 || ids.includes(id)) && (word === '' || id.includes(word) || called.includes(word)),
  );
}

function hasStatus(status: string, params: Params): boolean {
  const wanted = readList(params, 'status');
  return wanted.length === 0 ? status !== 'ceased' : wanted.includes(status);
}

function isAmong(value: string, params: Params, name: string): boolean {
  const wanted = [...readList(params, name), ...(params[name] === undefined ? [] : [params[name]])];
  return wanted.length === 0 || wanted.includes(value);
}

function hasTags(tags: readonly string[], params: Params): boolean {
  return readList(params, 'tags').every((tag) => tags.includes(tag));
}

/** Ids that are not there are left out. */
export function describeInstances(context: RequestContext, params: Params): object {
  const found = selectBy(context.state.instances, params, 'instances').filter(
    (one) =>
      one.zone === context.zone &&
      hasStatus(one.status, params) &&
      hasTags(one.tags, params) &&
      isAmong(one.image, params, 'image_id') &&
      isAmong(one.type, params, 'instance_type') &&
      isAmong(String(one.class), params, 'instance_class') &&
      isAmong(one.name, params, 'instance_name') &&
      isAmong(one.transition, params, 'transition_status'),
  );
  return toPage(
    params,
    'instance_set',
    found.map((one) => showInstance(context, one)),
  );
}

/** @throws Refusal 2100 for an id that is not there */
export function describeVolumes(context: RequestContext, params: Params): object {
  requireAll(context.state.volumes, params, 'volumes');
  const found = selectBy(context.state.volumes, params, 'volumes').filter(
    (one) =>
      one.zone === context.zone &&
      hasStatus(one.status, params) &&
      hasTags(one.tags, params) &&
      isAmong(String(one.type), params, 'volume_type') &&
      isAmong(one.instance, params, 'instance_id'),
  );
  return toPage(
    params,
    'volume_set',
    found.map((one) => showVolume(context, one)),
  );
}

/** @throws Refusal 2100 for an id that is not there */
export function describeJobs(context: RequestContext, params: Params): object {
  const ids = readList(params, 'jobs');
  requireAll(context.state.jobs, params, 'jobs');
  const found = context.state.jobs.filter(
    (one) =>
      one.zone === context.zone &&
      (ids.length === 0 || ids.includes(one.id)) &&
      hasStatus(one.status, params),
  );
  return toPage(params, 'job_set', found.map(showJob).reverse());
}

export function describeVxnets(context: RequestContext, params: Params): object {
  const { state, zone } = context;
  const found = selectBy(state.vxnets, params, 'vxnets').filter(
    (one) => one.zone === zone && isAmong(String(one.type), params, 'vxnet_type'),
  );
  const shown = found.map(({ id, name, type, router: routerId, prefix }) => {
    const router = state.routers.find((one) => one.id === routerId);
    return {
      vxnet_id: id,
      vxnet_name: name,
      vxnet_type: type,
      vpc_router_id: routerId,
      available_ip_count: countFreeAddresses(context, id),
      create_time: '2026-01-01T00:00:00Z',
      ...(router === undefined
        ? {}
        : {
            router: {
              router_id: router.id,
              router_name: router.name,
              ip_network: `${prefix}.0/24`,
              manager_ip: `${prefix}.1`,
              dyn_ip_start: `${prefix}.2`,
              dyn_ip_end: `${prefix}.254`,
              mode: 1,
            },
          }),
      ...(params['verbose'] === '1'
        ? {
            instance_ids: state.instances
              .filter((one) => one.vxnet === id && !['terminated', 'ceased'].includes(one.status))
              .map((one) => one.id),
          }
        : {}),
    };
  });
  return toPage(params, 'vxnet_set', shown);
}

/** @throws Refusal 2100 for an id that is not there */
export function describeRouters(context: RequestContext, params: Params): object {
  const { state, zone } = context;
  requireAll(state.routers, params, 'routers');
  const behind = state.vxnets.find(({ id }) => id === params['vxnet'])?.router;
  const found = selectBy(state.routers, params, 'routers').filter(
    (one) =>
      one.zone === zone &&
      hasStatus(one.status, params) &&
      (params['vxnet'] === undefined || one.id === behind),
  );
  const shown = found.map(({ id, name, status, network, eip }) => ({
    router_id: id,
    router_name: name,
    status,
    transition_status: '',
    vpc_network: network,
    private_ip: '10.0.0.2',
    is_applied: 1,
    security_group_id: 'sg-emulated',
    eip: eip === '' ? {} : { eip_id: 'eip-emulated', eip_name: 'out', eip_addr: eip },
    ...(params['verbose'] === '1'
      ? {
          vxnets: state.vxnets
            .filter(({ router }) => router === id)
            .map((vxnet) => ({ vxnet_id: vxnet.id, nic_id: '52:54:00:00:00:01' })),
        }
      : {}),
  }));
  return toPage(params, 'router_set', shown);
}

function requireAll(items: readonly { readonly id: string }[], params: Params, name: string): void {
  for (const id of readList(params, name)) if (!items.some((one) => one.id === id)) throw notFound(id);
}
