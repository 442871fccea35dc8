import { CALLS_PER_SECOND, type ProviderSettings } from '../../domain/index.ts';
import { createSettingsReader, readNodeAccess, type SettingsReader } from '../../provider-utils/index.ts';

/** A runtime's settings from `--set key=value`, parsed and checked (docs/aws.md). */
export interface AwsSettings {
  /** Undefined: the region is part of the name of the runtime's zone. */
  readonly region: string | undefined;
  /** The subnets for nodes, in the order in which they are tried; empty for the zone's default subnet. */
  readonly subnets: readonly string[];
  /** Empty for the VPC's default security group. */
  readonly securityGroups: readonly string[];
  /** An EC2 key pair for human users; windlass itself needs none. */
  readonly keyName: string | undefined;
  /** `ami-…` or `ssm:<parameter>`; undefined for the newest Amazon Linux 2023. */
  readonly image: string | undefined;
  /** By package version id, or by package name. */
  readonly imageOfApp: ReadonlyMap<string, string>;
  readonly architecture: Architecture;
  /**
   * Instance types and families (`m6i.*`) in the order in which they are tried; empty for those of the
   * class.
   */
  readonly instanceTypes: readonly string[];
  readonly rootVolumeGiB: number | undefined;
  readonly rootVolumeType: string;
  /** By the package's volume class. */
  readonly volumeTypeOfClass: ReadonlyMap<number, string>;
  readonly volumeIops: number | undefined;
  readonly encrypted: boolean;
  readonly kmsKeyId: string | undefined;
  /** Name or ARN of an instance profile. */
  readonly instanceProfile: string | undefined;
  /** Undefined: the subnet's own setting applies. */
  readonly publicIp: boolean | undefined;
  /** The user that logs in to the nodes: `root`, or a user with unrestricted sudo. */
  readonly sshUser: string;
  readonly tags: Readonly<Record<string, string>>;
  /** PEM of the CA that has signed the certificate of the runtime's url. */
  readonly caCertificate: string | undefined;
  /** Undefined: the worker reaches the nodes directly. */
  readonly frontgate: FrontgateSettings | undefined;
}

/** The jump host of a VPC, if the runtime asks for one. */
export interface FrontgateSettings {
  readonly instanceType: string;
  readonly image: string | undefined;
  /** Undefined: the subnet of the first cluster that needs it. */
  readonly subnet: string | undefined;
  /** CIDR ranges from which SSH is allowed. */
  readonly sshSources: readonly string[];
}

export type Architecture = 'x86_64' | 'arm64';

/** The settings that exist, and those of them that decide where a credential is sent. */
export const AWS_SETTINGS: ProviderSettings = {
  bound: ['region', 'caCertificate'],
  free: [
    'subnet',
    'subnets',
    'securityGroups',
    'keyName',
    'image',
    'image.<package>',
    'architecture',
    'instanceTypes',
    'rootVolumeGiB',
    'rootVolumeType',
    'volumeTypes',
    'volumeIops',
    'encrypted',
    'kmsKeyId',
    'instanceProfile',
    'publicIp',
    'sshUser',
    'tags',
    'frontgate',
    'frontgateInstanceType',
    'frontgateImage',
    'frontgateSshSources',
    'frontgateSubnet',
    CALLS_PER_SECOND,
  ],
};

/** Of `--set image.<package>=…`. */
const IMAGE_PREFIX = 'image.';
const VOLUME_TYPES = ['gp3', 'gp2', 'io1', 'io2', 'st1', 'sc1', 'standard'];

/** @throws invalid-input `RUNTIME_SETTINGS`, with every setting that is wrong in `details`. */
export function readAwsSettings(given: Readonly<Record<string, string>>): AwsSettings {
  const reader = createSettingsReader(given, {
    provider: 'aws',
    known: AWS_SETTINGS,
    page: 'docs/aws.md',
  });
  const { refuse, text, list } = reader;
  const settings: AwsSettings = {
    region: text('region', /^[a-z]{2}(-[a-z]+)+-\d+$/, 'a region, e.g. eu-central-1'),
    subnets: unique([
      ...list('subnet', SUBNET, 'ids of subnets'),
      ...list('subnets', SUBNET, 'ids of subnets'),
    ]),
    securityGroups: list('securityGroups', /^sg-[0-9a-f]+$/, 'ids of security groups'),
    keyName: text('keyName', /^.{1,255}$/, 'the name of an EC2 key pair'),
    image: text('image', IMAGE, IMAGE_FORM),
    imageOfApp: readImages(given, refuse),
    architecture: reader.choice('architecture', ['x86_64', 'arm64'], 'x86_64'),
    instanceTypes: list(
      'instanceTypes',
      /^[a-z0-9-]+\.(\*|[a-z0-9-]+)$/,
      'instance types or families, e.g. m6i.large,c6i.*',
    ),
    rootVolumeGiB: reader.number('rootVolumeGiB', 1, 16_384),
    rootVolumeType: reader.choice('rootVolumeType', VOLUME_TYPES, 'gp3'),
    volumeTypeOfClass: readVolumeTypes(
      list('volumeTypes', /^\d+:[a-z0-9]+$/, 'class:type, e.g. 0:gp3,2:st1'),
      refuse,
    ),
    volumeIops: reader.number('volumeIops', 100, 256_000),
    encrypted: reader.choice('encrypted', ['true', 'false'], 'true') === 'true',
    kmsKeyId: text('kmsKeyId', /^\S+$/, 'id, alias or ARN of a KMS key'),
    instanceProfile: text('instanceProfile', /^\S+$/, 'name or ARN of an instance profile'),
    publicIp: readOptionalFlag(reader.choice('publicIp', ['true', 'false', ''], '')),
    sshUser: text('sshUser', /^[a-z_][a-z0-9_-]{0,31}$/, 'the name of a Linux user') ?? 'root',
    tags: readTags(list('tags', /^[^=]+=.*$/, 'name=value pairs separated by commas'), refuse),
    caCertificate: text(
      'caCertificate',
      /^-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----\s*$/,
      'PEM',
    ),
    frontgate: readFrontgate(reader),
  };
  reader.throwFaults();
  return settings;
}

const SUBNET = /^subnet-[0-9a-f]+$/;
const IMAGE = /^(ami-[0-9a-f]+|(resolve:)?ssm:\/?[A-Za-z0-9_.\-/]+)$/;
const IMAGE_FORM = 'ami-… or ssm:<name of a parameter that holds an image id>';

/** Access is allowed only to ranges that the user names: there is no default. */
function readFrontgate(reader: SettingsReader): FrontgateSettings | undefined {
  const { text, list, refuse } = reader;
  const wanted = readNodeAccess(reader) === 'frontgate';
  const sshSources = list('frontgateSshSources', CIDR, 'address ranges, e.g. 203.0.113.0/24');
  const instanceType =
    text('frontgateInstanceType', /^[a-z0-9-]+\.[a-z0-9-]+$/, 'an instance type') ?? 't3.micro';
  const image = text('frontgateImage', IMAGE, IMAGE_FORM);
  const subnet = text('frontgateSubnet', SUBNET, 'the id of a subnet');
  if (!wanted) return undefined;
  if (sshSources.length === 0) {
    refuse(
      'frontgateSshSources',
      'frontgateSshSources must list the ranges from which the workers reach the frontgate',
    );
  }
  return { instanceType, image, subnet, sshSources };
}

const CIDR = /^(\d{1,3}(\.\d{1,3}){3}\/(\d|[12]\d|3[0-2])|[0-9a-f:]+\/\d{1,3})$/;

/** Whether a text names an image of EC2; packages for other clouds name theirs. */
export function isAwsImage(text: string): boolean {
  return IMAGE.test(text);
}

function readImages(
  given: Readonly<Record<string, string>>,
  refuse: SettingsReader['refuse'],
): ReadonlyMap<string, string> {
  const images = new Map<string, string>();
  for (const [name, value] of Object.entries(given)) {
    if (!name.startsWith(IMAGE_PREFIX)) continue;
    if (isAwsImage(value)) images.set(name.slice(IMAGE_PREFIX.length), value);
    else refuse(name, `${name} is ${JSON.stringify(value)}, not ${IMAGE_FORM}`);
  }
  return images;
}

function readVolumeTypes(
  pairs: readonly string[],
  refuse: SettingsReader['refuse'],
): ReadonlyMap<number, string> {
  const types = new Map<number, string>();
  for (const pair of pairs) {
    const [volumeClass = '', type = ''] = pair.split(':');
    if (VOLUME_TYPES.includes(type)) types.set(Number(volumeClass), type);
    else
      refuse('volumeTypes', `volumeTypes: ${JSON.stringify(type)} is not one of ${VOLUME_TYPES.join(', ')}`);
  }
  return types;
}

function readTags(
  pairs: readonly string[],
  refuse: SettingsReader['refuse'],
): Readonly<Record<string, string>> {
  const tags: Record<string, string> = {};
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    const name = pair.slice(0, at).trim();
    if (/^(aws|windlass):/i.test(name))
      refuse('tags', `tags: ${JSON.stringify(name)} is reserved for windlass`);
    else tags[name] = pair.slice(at + 1).trim();
  }
  return tags;
}

function readOptionalFlag(value: 'true' | 'false' | ''): boolean | undefined {
  return value === '' ? undefined : value === 'true';
}

function unique(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}
