import type { ContainerSpec, VolumeSpec } from './cluster.ts';
import type {
  CommandDirective,
  InstanceDirective,
  MetadataDirective,
  MountDirective,
  NoDirective,
  RefreshDirective,
  ServiceDirective,
  SshKeysDirective,
  TaskRound,
  VolumesDirective,
} from './directives.ts';

/** Whether a value is one of this type. */
export type Check<T> = (value: unknown) => value is T;
/** A check for each field: the compiler asks for all of them. */
export type Shape<T> = { readonly [Field in keyof Required<T>]: Check<T[Field]> };

/** What a directive must be like; its type and its check, so that neither is without the other. */
export interface DirectiveKind<T> {
  readonly is: Check<T>;
  /** The first field that is absent or not as it must be; undefined where `is` holds. */
  readonly findFault: (value: object) => string | undefined;
}

export const isText: Check<string> = (value) => typeof value === 'string';
export const isNumber: Check<number> = (value) => typeof value === 'number';
export const isFlag: Check<boolean> = (value) => typeof value === 'boolean';

/** Also where the field is absent. */
export function isOptional<T>(check: Check<T>): Check<T | undefined> {
  return (value): value is T | undefined => value === undefined || check(value);
}

/** A list of such values. */
export function isListOf<T>(check: Check<T>): Check<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.every(check);
}

/** An object of these fields. */
export function isShaped<T>(shape: Shape<T>): Check<T> {
  return (value): value is T => isGroup(value) && findFault(value, shape) === undefined;
}

/** An object that is no list. */
export function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function findFault(value: object, shape: object): string | undefined {
  return Object.entries(shape as Readonly<Record<string, Check<unknown>>>).find(
    ([field, check]) => !check((value as Readonly<Record<string, unknown>>)[field]),
  )?.[0];
}

/** A directive of these fields; others beside them are let be. */
export function describeDirective<T>(shape: Shape<T>): DirectiveKind<T> {
  return { is: isShaped(shape), findFault: (value) => findFault(value, shape) };
}

const isVolumes = isListOf(
  isShaped<VolumeSpec>({
    index: isNumber,
    sizeGiB: isNumber,
    volumeClass: isNumber,
    mountPoint: isText,
    mountOptions: isText,
    filesystem: isText,
  }),
);
const isEarlier = isOptional(isListOf(isShaped<TaskRound>({ taskId: isText, round: isNumber })));
const isNames = isOptional(isListOf(isText));

const COMMAND_SHAPE: Shape<CommandDirective> = {
  command: isText,
  commandTimeoutSeconds: isNumber,
  idempotent: isFlag,
  earlier: isEarlier,
};

export const NO_DIRECTIVE = describeDirective<NoDirective>({});
export const INSTANCE = describeDirective<InstanceDirective>({
  cpu: isNumber,
  memoryMiB: isNumber,
  gpu: isNumber,
  gpuClass: isNumber,
  instanceClass: isNumber,
  container: isShaped<ContainerSpec>({ type: isText, image: isText, zone: isText }),
  subnetId: isText,
  hostname: isText,
  privateIp: isOptional(isText),
});
export const VOLUMES = describeDirective<VolumesDirective>({ volumes: isVolumes });
export const MOUNT = describeDirective<MountDirective>({
  volumes: isVolumes,
  format: isFlag,
  earlier: isEarlier,
});
export const SSH_KEYS = describeDirective<SshKeysDirective>({ keyType: isText });
export const METADATA = describeDirective<MetadataDirective>({
  addingHosts: isNames,
  deletingHosts: isNames,
  verticalScalingRoles: isNames,
});
export const REFRESH = describeDirective<RefreshDirective>({ packageFiles: isFlag });
export const COMMAND = describeDirective<CommandDirective>(COMMAND_SHAPE);
export const SERVICE = describeDirective<ServiceDirective>({ ...COMMAND_SHAPE, service: isText });
