import type { InstanceTypeInfo } from '@aws-sdk/client-ec2';
import { WindlassError } from '../../domain/index.ts';
import type { Architecture, AwsSettings } from './settings.ts';

/** What windlass needs to know of an instance type. */
export interface InstanceType {
  readonly name: string;
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly gpu: number;
  readonly architectures: readonly string[];
  readonly nitro: boolean;
  /** Of volumes, root disk and network interfaces together where they share; undefined where not said. */
  readonly maxAttachments: number | undefined;
}

/** What a node asks for. */
export interface SizeRequest {
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly gpu: number;
  readonly instanceClass: number;
}

/** Loosely: what AWS leaves out is not there. */
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

/** Families of a class, the better first. Classes are those of the package specification. */
export function listFamilies(request: SizeRequest): readonly string[] {
  if (request.gpu > 0) return GPU_FAMILIES;
  return FAMILIES_OF_CLASS.get(request.instanceClass) ?? EVERYDAY_FAMILIES;
}

const EVERYDAY_FAMILIES = ['t3.*', 'm6i.*', 'c6i.*', 'r6i.*', 'm5.*', 'c5.*', 'r5.*'];
const STEADY_FAMILIES = ['m6i.*', 'c6i.*', 'r6i.*', 'm5.*', 'c5.*', 'r5.*'];
const NEWEST_FAMILIES = ['m7i.*', 'c7i.*', 'r7i.*', ...STEADY_FAMILIES];
const GPU_FAMILIES = ['g4dn.*', 'g5.*', 'g6.*', 'p3.*', 'p4d.*', 'p5.*'];
const ARM_FAMILIES = ['t4g.*', 'm7g.*', 'c7g.*', 'r7g.*', 'm6g.*', 'c6g.*', 'r6g.*'];

/** 0 performance, 101 basic: burstable machines too. 1 high performance, 201 enterprise: never. */
const FAMILIES_OF_CLASS: ReadonlyMap<number, readonly string[]> = new Map([
  [0, EVERYDAY_FAMILIES],
  [1, STEADY_FAMILIES],
  [101, EVERYDAY_FAMILIES],
  [201, NEWEST_FAMILIES],
]);

/** The types and families to choose from, in order: those of the runtime, else those of the class. */
export function listPatterns(
  request: SizeRequest,
  settings: Pick<AwsSettings, 'instanceTypes' | 'architecture'>,
): readonly string[] {
  if (settings.instanceTypes.length > 0) return settings.instanceTypes;
  if (settings.architecture === 'arm64' && request.gpu === 0) return ARM_FAMILIES;
  return listFamilies(request);
}

/**
 * The types that a node may be run on, the best first. Of each family the cheapest that is large
 * enough. Families that the runtime lists keep their order; those of a class are put in the order
 * of what they cost. The same request gives the same order, whatever the order of `offered`.
 *
 * @throws invalid-input `AWS_NO_INSTANCE_TYPE` when nothing that is offered is large enough.
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
  // What a user listed is tried in that order; our own families are only a choice.
  return settings.instanceTypes.length > 0 ? chosen : [...chosen].sort(compareCost).slice(0, 1);
}

function isLargeEnough(type: InstanceType, request: SizeRequest, architecture: Architecture): boolean {
  return (
    type.cpu >= request.cpu &&
    type.memoryMiB >= request.memoryMiB &&
    // A GPU nobody asked for is paid for all the same.
    (request.gpu === 0 ? type.gpu === 0 : type.gpu >= request.gpu) &&
    type.architectures.includes(architecture) &&
    !type.name.includes('.metal')
  );
}

/** In proportion to what AWS asks for: a CPU costs as much as nine GiB; bursting halves the CPU. */
function costOf({ name, cpu, memoryMiB, gpu }: InstanceType): number {
  const burstable = /^t\d/.test(name);
  return gpu * 1_000 + cpu * (burstable ? 4.5 : 9) + memoryMiB / 1_024;
}

function compareCost(left: InstanceType, right: InstanceType): number {
  return costOf(left) - costOf(right) || (left.name < right.name ? -1 : 1);
}

/** Whether a type is the one that is named, or of the family (`m6i.*`). */
export function matchesPattern(name: string, pattern: string): boolean {
  return pattern.endsWith('.*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

function noType(request: SizeRequest, patterns: readonly string[], architecture: string): WindlassError {
  const { cpu, memoryMiB, gpu } = request;
  const wanted = `${cpu} CPUs, ${memoryMiB} MiB${gpu > 0 ? ` and ${gpu} GPUs` : ''} (${architecture})`;
  return new WindlassError('invalid-input', `no instance type that the zone offers has ${wanted}`, {
    code: 'AWS_NO_INSTANCE_TYPE',
    field: 'instanceTypes',
    hint: `looked at ${patterns.join(', ')}: name others with --set instanceTypes=…, or ask for another size`,
  });
}
