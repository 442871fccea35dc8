import { expect, it } from 'vitest';
import type { Conf, JobAction } from '../../../src/domain/index.ts';
import { catchFault, confRequest, textFile, toContent, makeCluster } from './packages.ts';

const CONFIG = JSON.stringify({
  properties: [
    { key: 'count', label: 'c', type: 'integer', default: 1, required: 'yes' },
    { key: 'engine', label: 'e', type: 'string', default: 'lsm', required: 'no', changeable: false },
    { key: 'note', label: 'n', type: 'string', required: 'no', changeable: false },
    { key: 'secret', label: 's', type: 'password', required: 'no', changeable: false },
  ],
});
const CLUSTER =
  '{"nodes": [{"container": {"type": "kvm", "image": "i"}, "count": {{count}}, "cpu": 1, "memory": 1024}]}';
const content = toContent([textFile('config.json', CONFIG), textFile('cluster.json.mustache', CLUSTER)]);

function change(action: JobAction, before: Conf, given: Conf) {
  const cluster = makeCluster(confRequest(content, before));
  const stored = { ...cluster, cluster: { ...cluster.cluster, conf: before } };
  return makeCluster({
    ...confRequest(content, { ...before, ...given }),
    change: { action, options: { conf: given }, cluster: stored },
  });
}

it.each([
  ['another value', { engine: 'lsm' }, { engine: 'btree' }, 'engine'],
  ['another value than the default', {}, { engine: 'btree' }, 'engine'],
  ['a value where none was', {}, { note: 'x' }, 'note'],
  ['a password', {}, { secret: { $secret: 'conf/secret' } }, 'secret'],
])('an update is refused for %s of what may not change', (_, before, given, field) => {
  expect(catchFault(() => change('update-env', before, given))).toMatchObject({
    code: 'CONF_INVALID',
    fields: [field],
  });
});

it.each<[string, JobAction, Conf, Conf]>([
  ['the same value again', 'update-env', { engine: 'btree' }, { engine: 'btree' }],
  ['the default again', 'update-env', {}, { engine: 'lsm', note: '', secret: '' }],
  ['what may change', 'update-env', { engine: 'btree' }, { count: 2 }],
  ['a value that the version of an upgrade brings', 'upgrade', {}, { note: 'x' }],
])('%s is taken', (_, action, before, given) => {
  expect(change(action, before, given).nodes.length).toBeGreaterThan(0);
});

it('an upgrade is refused where it changes what was given before', () => {
  const fault = catchFault(() => change('upgrade', { note: 'a' }, { note: 'b' }));
  expect(fault).toMatchObject({ code: 'CONF_INVALID', fields: ['note'] });
  expect(fault.message).toContain('cannot be changed once the cluster exists');
});
