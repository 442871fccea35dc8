import {
  MAX_NODE_CPUS,
  MAX_NODE_MEMORY_MIB,
  MAX_NODE_VOLUME_GIB,
  MAX_NODE_VOLUMES,
  MAX_PATH_BYTES,
  type ContainerSpec,
  type Env,
  type EnvValue,
} from '../domain/index.ts';
import type { PackageCluster, PackageRole, VolumeLayout } from './package-cluster.ts';
import { checkCatalogue, checkVolumeLimits } from './catalogue.ts';
import type { ObjectReader } from './object-reader.ts';
import { readHealthCheck } from './read-health-check.ts';
import { readMonitor } from './read-monitor.ts';
import { inheritSettings, readServices, readTimeout } from './read-services.ts';
import { hasControlCharacter, isObject, isSecretReference, quoteValue } from './values.ts';

const CONTAINER_TYPES: readonly string[] = ['kvm', 'lxc', 'docker'];
const DEFAULT_MOUNT_POINT = '/data';
const DEFAULT_FILESYSTEM = 'ext4';
const DEFAULT_CPU = 1;
const DEFAULT_MEMORY_MIB = 1024;

/** One entry of `nodes`; null if a required part is missing. Errors go to the reader's report. */
export function readRole(
  reader: ObjectReader,
  cluster: Pick<PackageCluster, 'healthCheck' | 'monitor'>,
): PackageRole | null {
  const container = readContainer(reader);
  const count = reader.integer('count', 0);
  if (count === undefined && !reader.has('count')) reader.error('count', 'is missing');
  const role: Omit<PackageRole, 'count' | 'container' | 'extra'> = {
    path: reader.path,
    role: readRoleName(reader),
    cpu: readSize(reader, 'cpu', { fallback: DEFAULT_CPU, max: MAX_NODE_CPUS }),
    memoryMiB: readSize(reader, 'memory', { fallback: DEFAULT_MEMORY_MIB, max: MAX_NODE_MEMORY_MIB }),
    gpu: readClass(reader, 'gpu'),
    gpuClass: readClass(reader, 'gpu_class'),
    instanceClass: readClass(reader, 'instance_class'),
    volume: readVolume(reader),
    services: readServices(reader),
    env: readEnv(reader),
    replica: readReplica(reader),
    serverIdUpperBound: reader.integer('server_id_upper_bound', 1) ?? null,
    passphraseless: readPassphraseless(reader),
    verticalScalingPolicy: readScalingPolicy(reader),
    userAccess: reader.flag('user_access') ?? false,
    agentInstalled: reader.flag('agent_installed') ?? true,
    customMetadata: readCustomMetadata(reader),
    healthCheck: inheritSettings(cluster.healthCheck, readHealthCheck(reader) ?? undefined),
    monitor: inheritSettings(cluster.monitor, readMonitor(reader) ?? undefined),
    advancedActions: readAdvancedActions(reader),
    supportsBackup: Object.hasOwn(reader.record('services') ?? {}, 'backup'),
    loadBalancers: readLoadBalancers(reader),
  };
  const extra = { ...reader.readUnknown(), ...container?.extra };
  return container === null || count === undefined
    ? null
    : { ...role, container: container.spec, count, extra };
}

/** A list of load balancers, or one; `""` and null if the user chose none. */
function readLoadBalancers(reader: ObjectReader): readonly unknown[] {
  const raw = reader.raw('loadbalancer');
  if (raw === undefined || raw === null || raw === '') return [];
  const chosen: readonly unknown[] = Array.isArray(raw) ? raw : [raw];
  if (chosen.every((entry) => typeof entry === 'string' || isObject(entry))) return chosen;
  reader.error('loadbalancer', 'must be a list of load balancers');
  return [];
}

/** Environment values: scalars, or references to secrets. */
export function readEnv(reader: ObjectReader): Env {
  const env = reader.record('env');
  if (env === undefined) return {};
  const entries = Object.entries(env).flatMap(([key, value]): [string, EnvValue][] => {
    if (hasControlCharacter(key)) {
      reader.error('env', `has a name that is no text: ${quoteValue(key)} holds a control character`);
      return [];
    }
    if (isEnvValue(value)) return [[key, value]];
    reader.error(`env.${key}`, 'must be a string, a number, true, false or null');
    return [];
  });
  return Object.fromEntries(entries);
}

function isEnvValue(value: unknown): value is EnvValue {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value) || isSecretReference(value);
}

function readRoleName(reader: ObjectReader): string {
  const role = reader.text('role') ?? '';
  if (role.includes('/') || hasControlCharacter(role)) {
    reader.error('role', `${quoteValue(role)} holds a slash or a control character`);
  }
  if (role.endsWith('-replica')) {
    reader.error('role', 'ends in -replica, which is kept for the replicas of a role');
  }
  return role;
}

function readContainer(
  reader: ObjectReader,
): { readonly spec: ContainerSpec; readonly extra: Readonly<Record<string, unknown>> } | null {
  const container = reader.object('container');
  if (container === undefined) {
    if (!reader.has('container')) reader.error('container', 'is missing');
    return null;
  }
  const type = container.text('type') ?? '';
  if (!CONTAINER_TYPES.includes(type)) {
    container.warning('type', `${JSON.stringify(type)} is no container type of the specification`);
  }
  if (!container.has('image')) container.warning('image', 'is missing');
  const spec = { type, image: container.text('image') ?? '', zone: container.text('zone') ?? '' };
  const extra = container.readUnknown();
  // Container fields that only some clouds know are stored with those of the role.
  return { spec, extra: Object.keys(extra).length === 0 ? {} : { container: extra } };
}

function readClass(reader: ObjectReader, key: 'gpu' | 'gpu_class' | 'instance_class'): number {
  const value = reader.integer(key, 0);
  checkCatalogue(reader, key, value);
  return value ?? 0;
}

function readReplica(reader: ObjectReader): number {
  const replica = reader.integer('replica', 0) ?? 0;
  if (replica > 0 && !reader.has('role')) {
    reader.warning('replica', 'needs a role with a name; its replicas are named "-replica"');
  }
  return replica;
}

function readPassphraseless(reader: ObjectReader): string | null {
  const kind = reader.text('passphraseless') ?? '';
  if (kind !== '') checkCatalogue(reader, 'passphraseless', kind);
  return kind === '' ? null : kind;
}

const ADVANCED_ACTIONS: readonly string[] = ['change_vxnet', 'scale_horizontal', 'associate_eip'];

/** Advanced actions that the cluster or a role supports; unknown ones are kept. */
export function readAdvancedActions(reader: ObjectReader): readonly string[] {
  const actions = reader.texts('advanced_actions') ?? [];
  for (const action of actions) {
    if (ADVANCED_ACTIONS.includes(action)) continue;
    reader.warning('advanced_actions', `${JSON.stringify(action)} is unknown to the specification`);
  }
  return actions;
}

function readSize(
  reader: ObjectReader,
  key: 'cpu' | 'memory',
  { fallback, max }: { readonly fallback: number; readonly max: number },
): number {
  const size = reader.integer(key, 1, max);
  checkCatalogue(reader, key, size);
  if (size === undefined && !reader.has(key)) reader.warning(key, `is missing; ${fallback} is used`);
  return size ?? fallback;
}

function readVolume(role: ObjectReader): VolumeLayout | null {
  const reader = role.object('volume');
  if (reader === undefined) return null;
  const sizeGiB = reader.integer('size', 1, MAX_NODE_VOLUME_GIB);
  if (sizeGiB === undefined && !reader.has('size')) reader.error('size', 'is missing');
  const layout = {
    sizeGiB: sizeGiB ?? 0,
    volumeClass: reader.integer('class', 0) ?? null,
    mountPoints: readMountPoints(reader),
    mountOptions: readWord(reader, 'mount_options', MOUNT_OPTIONS) ?? null,
    filesystem: readWord(reader, 'filesystem', FILESYSTEM) ?? DEFAULT_FILESYSTEM,
  };
  checkCatalogue(reader, 'class', layout.volumeClass);
  checkCatalogue(reader, 'filesystem', layout.filesystem);
  checkVolumeLimits(reader, layout.sizeGiB, layout.mountPoints.length);
  reader.readUnknown();
  return layout;
}

function readMountPoints(reader: ObjectReader): readonly string[] {
  const raw = reader.raw('mount_point');
  if (raw === undefined) return [DEFAULT_MOUNT_POINT];
  const points: readonly unknown[] = Array.isArray(raw) ? raw : [raw];
  if (points.length > MAX_NODE_VOLUMES) {
    reader.error('mount_point', `names ${points.length} volumes; the limit is ${MAX_NODE_VOLUMES}`);
    return [DEFAULT_MOUNT_POINT];
  }
  const texts = points
    .filter((point) => typeof point === 'string')
    .filter((point) => point !== '')
    .map(toMountPoint);
  if (texts.length !== points.length || texts.length === 0) {
    reader.error('mount_point', 'must be a path, or an array of paths');
    return [DEFAULT_MOUNT_POINT];
  }
  for (const text of texts) {
    if (isMountPoint(text)) continue;
    reader.error(
      'mount_point',
      `${quoteValue(text)} must be an absolute path without white space, quotes, . or ..`,
    );
  }
  if (new Set(texts).size !== texts.length) reader.error('mount_point', 'names a path twice');
  return texts;
}

/** Some packages end the path with a slash; a link to a volume cannot, and one path would have two names. */
function toMountPoint(point: string): string {
  let end = point.length;
  while (end > 1 && point[end - 1] === '/') end -= 1;
  return point.slice(0, end);
}

// Words in fstab and in scripts of a node, where white space and quotes separate words.
const MOUNT_OPTIONS = /^[A-Za-z0-9_.:=,%+@/-]{0,500}$/;
const FILESYSTEM = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;
const MOUNT_POINT_PART = /^[^\s\p{C}\\"'`$]+$/u;

function isMountPoint(path: string): boolean {
  if (path === '/') return true;
  const [root, ...parts] = path.split('/');
  return (
    root === '' &&
    path.length <= MAX_PATH_BYTES &&
    parts.every((part) => part !== '.' && part !== '..' && MOUNT_POINT_PART.test(part))
  );
}

function readWord(reader: ObjectReader, key: string, syntax: RegExp): string | undefined {
  const word = reader.text(key);
  if (word === undefined || syntax.test(word)) return word;
  reader.error(key, `${quoteValue(word)} must be one word, without white space or quotes`);
  return undefined;
}

function readScalingPolicy(reader: ObjectReader): 'sequential' | 'parallel' {
  const policy = reader.text('vertical_scaling_policy') ?? 'parallel';
  if (policy === 'sequential' || policy === 'parallel') return policy;
  reader.warning('vertical_scaling_policy', `${JSON.stringify(policy)} is unknown; taken as "parallel"`);
  return 'parallel';
}

function readCustomMetadata(role: ObjectReader): PackageRole['customMetadata'] {
  const reader = role.object('custom_metadata');
  if (reader === undefined) return null;
  const command = reader.text('cmd');
  const timeoutSeconds = readTimeout(reader);
  if (command === undefined && !reader.has('cmd')) reader.warning('cmd', 'is missing; nothing is registered');
  reader.readUnknown();
  return command === undefined ? null : { command, timeoutSeconds };
}
