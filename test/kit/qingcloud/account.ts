import { toPage } from './describe.ts';
import { readList, readObjects, requireList, requireText, type Params } from './parameters.ts';
import { quotaLeft } from './quotas.ts';
import { denied, invalid, notFound, Refusal } from './refusal.ts';
import { OWNER } from './settings.ts';
import { findInstances, findVolumes, makeId, startJob, type RequestContext } from './request-context.ts';

export function describeZones({ settings }: RequestContext, params: Params): object {
  const [ids, states] = [readList(params, 'zones'), readList(params, 'status')];
  const found = Object.entries(settings.zones)
    .filter(
      ([id, status]) =>
        (ids.length === 0 || ids.includes(id)) && (states.length === 0 || states.includes(status)),
    )
    .map(([zone_id, status]) => ({ zone_id, status }));
  return { zone_set: found, total_count: found.length };
}

export function getQuotaLeft(context: RequestContext, params: Params): object {
  const asked = readList(params, 'resource_types');
  const names = asked.length === 0 ? Object.keys(context.settings.quotas) : asked;
  return {
    quota_left_set: names.map((resource_type) => ({
      resource_type,
      left: quotaLeft(context, resource_type) ?? 1_000_000,
    })),
  };
}

export function describeQuotas({ settings }: RequestContext): object {
  const quota_set = Object.entries(settings.quotas).map(([resource_type, quota]) => ({
    resource_type,
    quota,
  }));
  return { quota_set, user_id: OWNER };
}

export function describeAccessKeys({ settings }: RequestContext, params: Params): object {
  const [ids, states] = [readList(params, 'access_keys'), readList(params, 'status')];
  const found = Object.keys(settings.keys)
    .filter(
      (id) => (ids.length === 0 || ids.includes(id)) && (states.length === 0 || states.includes('active')),
    )
    .map((access_key_id) => ({ access_key_id, status: 'active', owner: OWNER, ip_white_list: '' }));
  return toPage(params, 'access_key_set', found);
}

export function createKeyPair(context: RequestContext, params: Params): object {
  const mode = params['mode'] ?? 'system';
  if (mode !== 'system' && mode !== 'user') throw invalid('mode', mode);
  const publicKey = mode === 'user' ? requireText(params, 'public_key') : 'ssh-rsa AAAAmade';
  const id = makeId(context, 'kp');
  context.state.keyPairs.push({ id, name: params['keypair_name'] ?? '', publicKey, instances: [] });
  context.effect.push(id);
  return { keypair_id: id, private_key: mode === 'system' ? 'made by the emulator: no key' : '' };
}

export function attachKeyPairs(context: RequestContext, params: Params): object {
  const [pairs, instances] = readPairs(context, params);
  for (const pair of pairs)
    pair.instances = [...new Set([...pair.instances, ...instances.map(({ id }) => id)])];
  for (const one of instances) one.keyPairs = [...new Set([...one.keyPairs, ...pairs.map(({ id }) => id)])];
  return {
    job_id: startJob(
      context,
      'AttachKeyPairs',
      instances.map(({ id }) => id),
    ),
  };
}

export function detachKeyPairs(context: RequestContext, params: Params): object {
  const [pairs, instances] = readPairs(context, params);
  const [pairIds, instanceIds] = [pairs.map(({ id }) => id), instances.map(({ id }) => id)];
  for (const pair of pairs) pair.instances = pair.instances.filter((id) => !instanceIds.includes(id));
  for (const one of instances) one.keyPairs = one.keyPairs.filter((id) => !pairIds.includes(id));
  return { job_id: startJob(context, 'DetachKeyPairs', instanceIds) };
}

function readPairs(context: RequestContext, params: Params) {
  return [findPairs(context, params), findInstances(context, requireList(params, 'instances'))] as const;
}

function findPairs({ state }: RequestContext, params: Params) {
  return requireList(params, 'keypairs').map((id) => {
    const found = state.keyPairs.find((pair) => pair.id === id);
    if (found === undefined) throw notFound(id);
    return found;
  });
}

export function deleteKeyPairs(context: RequestContext, params: Params): object {
  const pairs = findPairs(context, params);
  for (const { id, instances } of pairs) {
    if (instances.length > 0) throw denied(`key pair [${id}] is in use`);
  }
  const ids = pairs.map(({ id }) => id);
  context.state.keyPairs = context.state.keyPairs.filter(({ id }) => !ids.includes(id));
  context.effect.push(...ids);
  return { keypairs: ids };
}

export function describeKeyPairs({ state }: RequestContext, params: Params): object {
  const ids = readList(params, 'keypairs');
  const word = params['search_word'] ?? '';
  const found = state.keyPairs
    .filter(
      ({ id, name }) => (ids.length === 0 || ids.includes(id)) && (id.includes(word) || name.includes(word)),
    )
    .map(({ id, name, publicKey, instances }) => ({
      keypair_id: id,
      keypair_name: name,
      pub_key: publicKey,
      instance_ids: instances,
    }));
  return toPage(params, 'keypair_set', found);
}

/** A tag's name is shorter than 15 characters and there once. */
export function createTag(context: RequestContext, params: Params): object {
  const name = requireText(params, 'tag_name');
  if (name.length >= 15) throw invalid('tag_name', name);
  if (context.state.tags.some((tag) => tag.name === name)) {
    throw new Refusal(2110, `ResourceAlreadyExists, tag [${name}] exists already`);
  }
  const id = makeId(context, 'tag');
  context.state.tags.push({ id, name });
  context.effect.push(id);
  return { tag_id: id };
}

export function attachTags(context: RequestContext, params: Params): object {
  const pairs = readObjects(params, 'resource_tag_pairs').map((pair) => {
    const tag = requireText(pair, 'tag_id');
    if (!context.state.tags.some(({ id }) => id === tag)) throw notFound(tag);
    const type = requireText(pair, 'resource_type');
    const ids = [requireText(pair, 'resource_id')];
    if (type !== 'instance' && type !== 'volume') throw invalid('resource_type', type);
    const [resource] = type === 'instance' ? findInstances(context, ids) : findVolumes(context, ids);
    return { tag, resource };
  });
  for (const { tag, resource } of pairs) {
    if (resource === undefined) continue;
    resource.tags = [...new Set([...resource.tags, tag])];
    context.effect.push(resource.id);
  }
  return {};
}
