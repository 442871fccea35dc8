import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseDeviceName, listDeviceNames, toNodeDevice } from '../../../../src/providers/aws/devices.ts';
import { chooseInstanceTypes, type InstanceType } from '../../../../src/providers/aws/instance-types.ts';
import { choosePlacementAfter, listPlacements } from '../../../../src/providers/aws/placements.ts';
import { toStorageQuota, toVcpuQuota } from '../../../../src/providers/aws/quotas.ts';
import { toClientToken, toTagValue } from '../../../../src/providers/aws/cloud/tags.ts';
import { toVolumeKind } from '../../../../src/providers/aws/volume-types.ts';

const type = (
  name: string,
  cpu: number,
  memoryGiB: number,
  change: Partial<InstanceType> = {},
): InstanceType => ({
  name,
  cpu,
  memoryMiB: memoryGiB * 1024,
  gpu: 0,
  architectures: ['x86_64'],
  nitro: true,
  maxAttachments: 28,
  ...change,
});
const OFFERED = [
  type('t3.micro', 2, 1),
  type('t3.medium', 2, 4),
  type('t3.xlarge', 4, 16),
  type('m6i.large', 2, 8),
  type('m6i.xlarge', 4, 16),
  type('c6i.large', 2, 4),
  type('r6i.large', 2, 16),
  type('m6i.metal', 128, 512),
  type('g4dn.xlarge', 4, 16, { gpu: 1 }),
  type('m7g.large', 2, 8, { architectures: ['arm64'] }),
];
const size = (cpu: number, memoryGiB: number, change: object = {}) => ({
  cpu,
  memoryMiB: memoryGiB * 1024,
  gpu: 0,
  instanceClass: 0,
  ...change,
});
const NOTHING_LISTED = { instanceTypes: [], architecture: 'x86_64' } as const;
const names = (types: readonly InstanceType[]): readonly string[] => types.map(({ name }) => name);

describe('the instance type of a node', () => {
  it.each([
    ['the smallest that is large enough', size(1, 1), 't3.micro'],
    ['one of memory where memory is asked for', size(2, 16), 'r6i.large'],
    ['no burstable one for class 1', size(1, 1, { instanceClass: 1 }), 'c6i.large'],
    ['one with a GPU where one is asked for', size(1, 1, { gpu: 1 }), 'g4dn.xlarge'],
  ])('is %s', (_, request, expected) => {
    expect(names(chooseInstanceTypes(request, OFFERED, NOTHING_LISTED))).toEqual([expected]);
  });

  it('is one of those that the runtime lists, in that order, of a family the smallest', () => {
    const settings = { instanceTypes: ['m6i.*', 't3.medium', 'c6i.large'], architecture: 'x86_64' } as const;
    expect(names(chooseInstanceTypes(size(2, 4), OFFERED, settings))).toEqual([
      'm6i.large',
      't3.medium',
      'c6i.large',
    ]);
  });

  it('runs what the runtime’s architecture says', () => {
    const settings = { instanceTypes: [], architecture: 'arm64' } as const;
    expect(names(chooseInstanceTypes(size(2, 4), OFFERED, settings))).toEqual(['m7g.large']);
  });

  it('is refused where nothing is large enough, naming what was looked at', () => {
    expect(() => chooseInstanceTypes(size(64, 64), OFFERED, NOTHING_LISTED)).toThrow(
      expect.objectContaining({ code: 'AWS_NO_INSTANCE_TYPE', field: 'instanceTypes' }) as Error,
    );
  });

  it('is large enough and the same, whatever the order of the offer', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(OFFERED, { minLength: OFFERED.length }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 16 }),
        (offered, cpu, memoryGiB) => {
          const [chosen] = chooseInstanceTypes(size(cpu, memoryGiB), offered, NOTHING_LISTED);
          const [again] = chooseInstanceTypes(size(cpu, memoryGiB), OFFERED, NOTHING_LISTED);
          expect(chosen).toEqual(again);
          expect(chosen?.cpu).toBeGreaterThanOrEqual(cpu);
          expect(chosen?.memoryMiB).toBeGreaterThanOrEqual(memoryGiB * 1024);
        },
      ),
    );
  });
});

describe('the places of a node', () => {
  const subnets = [
    { subnetId: 'subnet-1', zone: 'a' },
    { subnetId: 'subnet-2', zone: 'a' },
    { subnetId: 'subnet-3', zone: 'b' },
  ];
  const places = listPlacements(
    subnets,
    new Map([
      ['a', ['m', 'c']],
      ['b', ['m']],
    ]),
  );
  const at = (index: number, mayMove: boolean) =>
    choosePlacementAfter(places, index, { zone: 'a', mayMove, nodeId: 'cln-1' });

  it('are every type in every subnet, in order', () => {
    expect(places.map(({ subnetId, instanceType }) => `${subnetId} ${instanceType}`)).toEqual([
      'subnet-1 m',
      'subnet-1 c',
      'subnet-2 m',
      'subnet-2 c',
      'subnet-3 m',
    ]);
  });

  it('are tried one after the other, and another zone only with empty volumes', () => {
    expect(at(0, false).index).toBe(1);
    expect(at(3, true).placement.zone).toBe('b');
    expect(() => at(3, false)).toThrow(
      expect.objectContaining({ kind: 'capacity', code: 'AWS_CAPACITY' }) as Error,
    );
    expect(() => at(4, true)).toThrow(/no m in subnet-1 \(a\).*no m in subnet-3 \(b\)/);
  });
});

describe('a device name', () => {
  it('is the first that nothing of the instance has', () => {
    const instance = { RootDeviceName: '/dev/xvda', BlockDeviceMappings: [{ DeviceName: '/dev/sdf' }] };
    expect(chooseDeviceName(instance, undefined)).toBe('/dev/sdg');
    expect(chooseDeviceName({}, undefined)).toBe('/dev/sdf');
  });

  it('is the remembered one, unless something else took it', () => {
    expect(chooseDeviceName({}, '/dev/sdk')).toBe('/dev/sdk');
    expect(chooseDeviceName({ BlockDeviceMappings: [{ DeviceName: '/dev/sdk' }] }, '/dev/sdk')).toBe(
      '/dev/sdf',
    );
  });

  it('is undefined when all are taken', () => {
    const all = [...listDeviceNames()].map((DeviceName) => ({ DeviceName }));
    expect(new Set(all.map(({ DeviceName }) => DeviceName)).size).toBe(all.length);
    expect(chooseDeviceName({ BlockDeviceMappings: all }, undefined)).toBeUndefined();
  });

  it('is on Nitro a disk with the volume’s serial number, and before Nitro a Xen disk', () => {
    expect(toNodeDevice('vol-0a1b', '/dev/sdf', true)).toBe(
      '/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0a1b',
    );
    expect(toNodeDevice('vol-0a1b', '/dev/sdf', false)).toBe('/dev/xvdf');
    expect(toNodeDevice('vol-0a1b', '/dev/xvdba', false)).toBe('/dev/xvdba');
  });
});

describe('the type of a volume', () => {
  const settings = { volumeTypeOfClass: new Map([[7, 'sc1']]), volumeIops: undefined };
  it.each([
    [0, 10, 'gp3', undefined],
    [1, 10, 'gp2', undefined],
    [2, 10, 'gp3', undefined],
    [2, 125, 'st1', undefined],
    [3, 10, 'gp3', undefined],
    [200, 10, 'io2', 500],
    [5, 1000, 'io2', 3000],
    [7, 125, 'sc1', undefined],
  ])('of class %i with %i GiB is %s', (volumeClass, sizeGiB, expected, iops) => {
    expect(toVolumeKind({ volumeClass, sizeGiB }, settings)).toEqual({ type: expected, iops });
  });
});

describe('what is counted where', () => {
  it.each([
    ['t3.micro', 'L-1216C47A'],
    ['i3.large', 'L-1216C47A'],
    ['g5.xlarge', 'L-DB2E81BA'],
    ['p4d.24xlarge', 'L-417A185B'],
    ['inf2.xlarge', 'L-1945791B'],
    ['x2idn.16xlarge', 'L-7295265B'],
    ['trn1.2xlarge', 'L-2C3B7624'],
    ['u-6tb1.metal', 'L-43DA4232'],
    ['hpc6a.48xlarge', 'L-F7808C92'],
  ])('CPUs of %s count against %s', (name, code) => expect(toVcpuQuota(name).code).toBe(code));

  it('TiB of each volume type count against one of its own', () => {
    expect(toStorageQuota('gp3').code).toBe('L-7A658B76');
    expect(toStorageQuota('st1').code).toBe('L-82ACEF56');
  });
});

describe('a client token', () => {
  it('is at most 64 ASCII characters, and one for each ledger token', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { minLength: 2 }), (tokens) => {
        const clientTokens = tokens.map(toClientToken);
        expect(new Set(clientTokens).size).toBe(tokens.length);
        for (const clientToken of clientTokens) expect(clientToken).toMatch(/^[\x21-\x7e]{1,64}$/);
      }),
    );
    expect(toClientToken('cl-1/cln-1/instance/g1')).toBe(toClientToken('cl-1/cln-1/instance/g1'));
  });
});

it('a tag holds only what AWS lets stand in one', () => {
  expect(toTagValue('Grüße an <alle> & „jeden“')).toBe('Grüße an _alle_ _ _jeden_');
  expect(toTagValue('x'.repeat(300))).toHaveLength(256);
});
