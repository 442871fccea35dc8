import type { ContainerSpec, VolumeSpec } from './cluster.ts';
import type {
  ChangeReleaseDirective,
  CommandDirective,
  InstanceDirective,
  MetadataDirective,
  MountDirective,
  NoDirective,
  RefreshDirective,
  ReleaseDirective,
  ServiceDirective,
  SshKeysDirective,
  TaskRound,
  UninstallReleaseDirective,
  VolumesDirective,
  WorkloadCount,
  WorkloadOverride,
  WorkloadsDirective,
} from './directives.ts';

type Check<T> = (value: unknown) => value is T;
/** A check for each field: the compiler asks for all of them. */
type Shape<T> = { readonly [Field in keyof Required<T>]: Check<T[Field]> };

/** What a directive must be like; its type and its check, so that neither is without the other. */
export interface DirectiveKind<T> {
  readonly is: Check<T>;
  /** The first field that is absent or not as it must be; undefined where `is` holds. */
  readonly findFault: (value: object) => string | undefined;
}

const isText: Check<string> = (value) => typeof value === 'string';
const isNumber: Check<number> = (value) => typeof value === 'number';
const isFlag: Check<boolean> = (value) => typeof value === 'boolean';

function isOptional<T>(check: Check<T>): Check<T | undefined> {
  return (value): value is T | undefined => value === undefined || check(value);
}

function isListOf<T>(check: Check<T>): Check<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.every(check);
}

function isShaped<T>(shape: Shape<T>): Check<T> {
  return (value): value is T => isGroup(value) && findFault(value, shape) === undefined;
}

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function findFault(value: object, shape: object): string | undefined {
  return Object.entries(shape as Readonly<Record<string, Check<unknown>>>).find(
    ([field, check]) => !check((value as Readonly<Record<string, unknown>>)[field]),
  )?.[0];
}

function describe<T>(shape: Shape<T>): DirectiveKind<T> {
  return { is: isShaped(shape), findFault: (value) => findFault(value, shape) };
}

const isTexts: Check<Readonly<Record<string, string>>> = (value): value is Readonly<Record<string, string>> =>
  isGroup(value) && Object.values(value).every(isText);

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
const RELEASE_SHAPE: Shape<ReleaseDirective> = { release: isText, namespace: isText };

export const NO_DIRECTIVE = describe<NoDirective>({});
export const INSTANCE = describe<InstanceDirective>({
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
export const VOLUMES = describe<VolumesDirective>({ volumes: isVolumes });
export const MOUNT = describe<MountDirective>({ volumes: isVolumes, format: isFlag, earlier: isEarlier });
export const SSH_KEYS = describe<SshKeysDirective>({ keyType: isText });
export const METADATA = describe<MetadataDirective>({
  addingHosts: isNames,
  deletingHosts: isNames,
  verticalScalingRoles: isNames,
});
export const REFRESH = describe<RefreshDirective>({ packageFiles: isFlag });
export const COMMAND = describe<CommandDirective>(COMMAND_SHAPE);
export const SERVICE = describe<ServiceDirective>({ ...COMMAND_SHAPE, service: isText });
export const RELEASE = describe<ReleaseDirective>(RELEASE_SHAPE);
export const CHANGE_RELEASE = describe<ChangeReleaseDirective>({
  ...RELEASE_SHAPE,
  overrides: isListOf(
    isShaped<WorkloadOverride>({
      kind: isText,
      name: isText,
      replicas: isOptional(isNumber),
      requests: isOptional(isTexts),
      limits: isOptional(isTexts),
      stopped: isOptional(isFlag),
    }),
  ),
  stopped: isFlag,
  hooks: isFlag,
  renders: isFlag,
});
export const UNINSTALL_RELEASE = describe<UninstallReleaseDirective>({ ...RELEASE_SHAPE, force: isFlag });
export const WORKLOADS = describe<WorkloadsDirective>({
  ...RELEASE_SHAPE,
  workloads: isListOf(isShaped<WorkloadCount>({ kind: isText, name: isText, replicas: isNumber })),
});
