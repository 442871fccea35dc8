import { describe, expect, it } from 'vitest';
import type { KubeClient } from '../../../../src/providers/kubernetes/api/kube-client.ts';
import { addAmounts, amountsOfPod, checkQuotas } from '../../../../src/providers/kubernetes/checks/quotas.ts';
import {
  formatCpus,
  formatMiB,
  parseQuantity,
  toGiB,
  toMiB,
} from '../../../../src/providers/kubernetes/quantity.ts';

describe('quantities', () => {
  it.each<[string | number | undefined, number]>([
    ['2', 2],
    [2, 2],
    ['500m', 0.5],
    ['1.5Gi', 1.5 * 2 ** 30],
    ['.5k', 500],
    ['1e3', 1000],
    ['1E', 1e18],
    ['2Ei', 2 ** 61],
    ['100u', 1e-4],
    [' 3Mi ', 3 * 2 ** 20],
    [undefined, 0],
    ['', 0],
    ['much', 0],
    ['1 Gi', 0],
    ['1gi', 0],
  ])('reads %j', (text, expected) => expect(parseQuantity(text)).toBeCloseTo(expected, 9));

  it('rounds sizes up, and writes them as Kubernetes does', () => {
    expect([toMiB('1'), toGiB('1.2Gi'), toMiB('64Mi')]).toEqual([1, 2, 64]);
    expect([formatCpus(2), formatCpus(0.25), formatMiB(2048), formatMiB(1500)]).toEqual([
      '2',
      '250m',
      '2Gi',
      '1500Mi',
    ]);
  });
});

describe('quotas', () => {
  const nothing = { gpu: 0, instances: 0, cpu: 0, memoryMiB: 0, volumes: 0, volumeGiB: 0 };

  function check(
    hard: Record<string, string>,
    used: Record<string, string>,
    asked: Record<string, number>,
    more: { readonly reserved?: object; readonly spec?: object } = {},
  ): Promise<void> {
    const items = [{ metadata: { name: 'q' }, spec: more.spec ?? {}, status: { hard, used } }];
    const client = { send: async () => ({ items }) } as unknown as KubeClient;
    return checkQuotas(client, 'shop', asked, { ...nothing, ...more.reserved });
  }

  it('have room up to their limit, exactly', async () => {
    await check({ 'requests.cpu': '1' }, { 'requests.cpu': '900m' }, { 'requests.cpu': 0.1 });
    await expect(
      check({ 'requests.cpu': '1' }, { 'requests.cpu': '900m' }, { 'requests.cpu': 0.101 }),
    ).rejects.toMatchObject({ kind: 'quota', code: 'KUBERNETES_QUOTA' });
  });

  it('count under each of their spellings', async () => {
    for (const key of ['cpu', 'requests.cpu']) {
      await expect(check({ [key]: '1' }, {}, { 'requests.cpu': 2 })).rejects.toThrow(key);
    }
    await expect(check({ 'count/pods': '1' }, {}, { pods: 2 })).rejects.toThrow('count/pods');
  });

  it('count what running jobs have been promised', async () => {
    await check({ pods: '4' }, { pods: '1' }, { pods: 3 });
    await expect(
      check({ pods: '4' }, { pods: '1' }, { pods: 3 }, { reserved: { instances: 1 } }),
    ).rejects.toThrow('1 reserved by running jobs');
  });

  it('that have scopes, or count what is not asked for, are left to the server', async () => {
    await check({ pods: '0' }, {}, { pods: 3 }, { spec: { scopes: ['BestEffort'] } });
    await check({ services: '0' }, {}, { pods: 3 });
  });

  it('see a pod as its containers and sidecars, or its hungriest init container', () => {
    const of = (cpu: string): object => ({ resources: { requests: { cpu } } });
    const spec = {
      containers: [of('1'), of('500m')],
      initContainers: [{ ...of('250m'), restartPolicy: 'Always' }, of('1')],
    };
    expect(amountsOfPod(spec as never)['requests.cpu']).toBe(1.75);
    const hungry = { ...spec, initContainers: [of('4')] };
    expect(amountsOfPod(hungry as never)).toMatchObject({ pods: 1, 'requests.cpu': 4 });
    expect(addAmounts({ pods: 1 }, { pods: 2, 'limits.cpu': 1 }, 3)).toEqual({ pods: 7, 'limits.cpu': 3 });
  });
});
