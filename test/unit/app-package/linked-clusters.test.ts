import { describe, expect, it } from 'vitest';
import { listLinkedClusters, mayLinkTo, parseForm, type FormItem } from '../../../src/app-package/index.ts';

function service(limits?: Readonly<Record<string, readonly string[]>>): FormItem {
  const item = { key: 'zk', label: '', type: 'service', required: 'no', default: '', limits };
  const [parsed] = parseForm(JSON.stringify({ properties: [item] })).items;
  if (parsed === undefined) throw new Error('the form has no item');
  return parsed;
}

describe('the limits of a service item', () => {
  const app = { appName: 'zookeeper', version: '3.8', versionId: 'appv-0123456789abcdef' };

  it.each<readonly [string, Readonly<Record<string, readonly string[]>> | undefined]>([
    ['there are none', undefined],
    ['its app is named', { zookeeper: [] }],
    ['its version is named', { zookeeper: ['3.7', '3.8'] }],
    ['the id of its version is named', { zookeeper: ['appv-0123456789abcdef'] }],
    ['its app is one of several', { etcd: ['1'], zookeeper: [] }],
    ['only ids of AppCenter are named', { 'app-tg3lbp0a': ['appv-epiqko7t'] }],
    ['its app is named with versions of AppCenter only', { zookeeper: ['appv-epiqko7t'] }],
  ])('allow a cluster where %s', (_, limits) => {
    expect(mayLinkTo(service(limits), app)).toBe(true);
  });

  it.each<readonly [string, Readonly<Record<string, readonly string[]>>]>([
    ['another app is named', { etcd: [] }],
    ['another app is named beside an id of AppCenter', { etcd: [], 'app-tg3lbp0a': [] }],
    ['another version is named', { zookeeper: ['3.7'] }],
    ['another version is named beside one of AppCenter', { zookeeper: ['3.7', 'appv-epiqko7t'] }],
  ])('forbid a cluster where %s', (_, limits) => {
    expect(mayLinkTo(service(limits), app)).toBe(false);
  });

  it('are asked only for what the conf chooses', () => {
    const form = { items: [service()] };
    expect(listLinkedClusters(form, { zk: 'cl-1' })).toMatchObject([{ clusterId: 'cl-1' }]);
    expect(listLinkedClusters(form, { zk: '' })).toEqual([]);
    expect(listLinkedClusters(form, {})).toEqual([]);
  });
});
