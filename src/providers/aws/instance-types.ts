import type { InstanceTypeInfo } from '@aws-sdk/client-ec2';
import { WindlassError } from '../../domain/index.ts';
import type { Architecture, AwsSettings } from './settings.ts';

/** The properties of an instance type that windlass needs. */
export interface InstanceType {
  readonly name: string;
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly gpu: number;
  readonly architectures: readonly string[];
  readonly nitro: boolean;
  /**
   * The limit for volumes, root disk and network interfaces together, if they share one; undefined if AWS
   * does not say.
   */
  readonly maxAttachments: number | undefined;
}

/** What a node requires. */
export interface SizeRequest {
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly gpu: number;
  readonly instanceClass: number;
}

/** Read loosely: fields that AWS leaves out are absent. */
export function toInstanceType(info: InstanceTypeInfo): InstanceType {
  return {
    name: info.InstanceType ?? '',
    cpu: info.VCpuInfo?.DefaultVCpus ?? 0,
    memoryMiB: info.MemoryInfo?.SizeInMiB ?? 0,
    gpu: (info.GpuInfo?.Gpus ?? []).reduce((sum, { Count = 0 }) => sum + Count, 0),
    architectures: info.ProcessorInfo?.SupportedArchitectures ?? [],
    // Bare metal has no hypervisor, and shows its volumes as Nitro does.
    nitro: info.Hypervisor !== 'xen',
    maxAttachments: info.EbsInfo?.MaximumEbsAttachments,
  };
}

/** Families of each resource class of the package specification, the best first. */
export function listFamilies(request: SizeRequest): readonly string[] {
  if (request.gpu > 0) return GPU_FAMILIES;
  return FAMILIES_OF_CLASS.get(request.instanceClass) ?? EVERYDAY_FAMILIES;
}

const EVERYDAY_FAMILIES = ['t3.*', 'm6i.*', 'c6i.*', 'r6i.*', 'm5.*', 'c5.*', 'r5.*'];
const STEADY_FAMILIES = ['m6i.*', 'c6i.*', 'r6i.*', 'm5.*', 'c5.*', 'r5.*'];
const NEWEST_FAMILIES = ['m7i.*', 'c7i.*', 'r7i.*', ...STEADY_FAMILIES];
const GPU_FAMILIES = ['g4dn.*', 'g5.*', 'g6.*', 'p3.*', 'p4d.*', 'p5.*'];
const ARM_FAMILIES = ['t4g.*', 'm7g.*', 'c7g.*', 'r7g.*', 'm6g.*', 'c6g.*', 'r6g.*'];

/**
 * 0 performance, 101 basic: also burstable instances. 1 high performance, 201 enterprise: never burstable.
 */
const FAMILIES_OF_CLASS: ReadonlyMap<number, readonly string[]> = new Map([
  [0, EVERYDAY_FAMILIES],
  [1, STEADY_FAMILIES],
  [101, EVERYDAY_FAMILIES],
  [201, NEWEST_FAMILIES],
]);

/** The types and families to choose from, in order: those of the runtime, otherwise those of the class. */
export function listPatterns(
  request: SizeRequest,
  settings: Pick<AwsSettings, 'instanceTypes' | 'architecture'>,
): readonly string[] {
  if (settings.instanceTypes.length > 0) return settings.instanceTypes;
  if (settings.architecture === 'arm64' && request.gpu === 0) return ARM_FAMILIES;
  return listFamilies(request);
}

/**
 * The instance types that can run a node, the best first: of each family the cheapest that is large
 * enough. Families that the runtime lists keep their order; those of a class are ordered by cost. The same
 * request gives the same order, whatever the order of `offered`.
 *
 * @throws invalid-input `AWS_NO_INSTANCE_TYPE` when no offered type is large enough.
 */
export function chooseInstanceTypes(
  request: SizeRequest,
  offered: readonly InstanceType[],
  settings: Pick<AwsSettings, 'instanceTypes' | 'architecture'>,
): readonly InstanceType[] {
  const patterns = listPatterns(request, settings);
  const best = patterns.flatMap((pattern) => {
    const fitting = offered.filter(
      (type) => matchesPattern(type.name, pattern) && isLargeEnough(type, request, settings.architecture),
    );
    const [cheapest] = fitting.sort((left, right) => compareCost(left, right));
    return cheapest === undefined ? [] : [cheapest];
  });
  const chosen = [...new Map(best.map((type) => [type.name, type])).values()];
  if (chosen.length === 0) throw noType(request, patterns, settings.architecture);
  // A list of the user is used in its order; our own families may be reordered.
  return settings.instanceTypes.length > 0 ? chosen : [...chosen].sort(compareCost).slice(0, 1);
}

function isLargeEnough(type: InstanceType, request: SizeRequest, architecture: Architecture): boolean {
  return (
    type.cpu >= request.cpu &&
    type.memoryMiB >= request.memoryMiB &&
    // A GPU that was not requested costs money all the same.
    (request.gpu === 0 ? type.gpu === 0 : type.gpu >= request.gpu) &&
    type.architectures.includes(architecture) &&
    !type.name.includes('.metal')
  );
}

/** In proportion to AWS's prices: a CPU costs as much as nine GiB of memory; a burstable CPU costs half. */
function costOf({ name, cpu, memoryMiB, gpu }: InstanceType): number {
  const burstable = /^t\d/.test(name);
  return gpu * 1_000 + cpu * (burstable ? 4.5 : 9) + memoryMiB / 1_024;
}

function compareCost(left: InstanceType, right: InstanceType): number {
  return costOf(left) - costOf(right) || (left.name < right.name ? -1 : 1);
}

/** Whether a type matches a pattern: its name, or its family (`m6i.*`). */
export function matchesPattern(name: string, pattern: string): boolean {
  return pattern.endsWith('.*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

function noType(request: SizeRequest, patterns: readonly string[], architecture: string): WindlassError {
  const { cpu, memoryMiB, gpu } = request;
  const wanted = `${cpu} CPUs, ${memoryMiB} MiB${gpu > 0 ? ` and ${gpu} GPUs` : ''} (${architecture})`;
  return new WindlassError('invalid-input', `no instance type that the zone offers has ${wanted}`, {
    code: 'AWS_NO_INSTANCE_TYPE',
    field: 'instanceTypes',
    hint: `searched ${patterns.join(', ')}: name others with --set instanceTypes=…, or ask for another size`,
  });
}
