import { WindlassError } from '../../../domain/index.ts';
import { maskForeignText } from '../../../masking/index.ts';
import { toErrorByRules, type ErrorRule } from '../../../provider-utils/index.ts';

/** An error answer of AWS, as far as its form can be trusted. */
export interface AwsFailure {
  /** e.g. `RequestLimitExceeded`; empty if there was no answer. */
  readonly code: string;
  readonly message: string;
  readonly status: number;
  readonly retryAfterMs: number | undefined;
}

const THROTTLED = new Set([
  'BandwidthLimitExceeded',
  'EC2ThrottledException',
  'LimitExceededException',
  'PriorRequestNotComplete',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequests',
  'TooManyRequestsException',
]);

/** The session has expired; the credential may still be right, so a new session helps. */
const EXPIRED = new Set(['ExpiredToken', 'ExpiredTokenException', 'RequestExpired', 'TokenRefreshRequired']);

/** AWS does not accept the identity. */
const UNKNOWN_CALLER = new Set([
  'AuthFailure',
  'IncompleteSignature',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'InvalidIdentityToken',
  'InvalidSignatureException',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
]);

/** AWS accepts the identity, but not the request. */
const DENIED = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'Blocked',
  'IDPRejectedClaim',
  'OptInRequired',
  'PendingVerification',
  'UnauthorizedOperation',
]);

const QUOTA = new Set([
  'AttachmentLimitExceeded',
  'InstanceLimitExceeded',
  'InsufficientAddressCapacity',
  'InsufficientFreeAddressesInSubnet',
  'MaxIOPSLimitExceeded',
  'NetworkInterfaceLimitExceeded',
  'PrivateIpAddressLimitExceeded',
  'ResourceCountExceeded',
  'ResourceLimitExceeded',
  'SecurityGroupLimitExceeded',
  'SecurityGroupsPerInstanceLimitExceeded',
  'TagLimitExceeded',
  'VcpuLimitExceeded',
  'VolumeLimitExceeded',
]);

/** This instance type is sold out here now; another place, or a later attempt, may have one. */
const CAPACITY = new Set([
  'InsufficientCapacity',
  'InsufficientHostCapacity',
  'InsufficientInstanceCapacity',
  'InsufficientReservedInstanceCapacity',
  'InsufficientVolumeCapacity',
  'SpotMaxPriceTooLow',
  'UnfulfillableCapacity',
]);

const CONFLICT = new Set([
  'DependencyViolation',
  'IdempotentParameterMismatch',
  'IncorrectInstanceState',
  'IncorrectModificationState',
  'IncorrectState',
  'InvalidIPAddress.InUse',
  'InvalidGroup.Duplicate',
  'InvalidInstance.State',
  'InvalidPermission.Duplicate',
  'InvalidVolume.ZoneMismatch',
  'OperationNotPermitted',
  'ResourceAlreadyAssociated',
  'VolumeInUse',
]);

const UNAVAILABLE = new Set([
  'InternalError',
  'InternalFailure',
  'RequestInTheFuture',
  'RequestTimeTooSkewed',
  'RequestTimeout',
  'RequestTimeoutException',
  'ServerInternal',
  'ServiceUnavailable',
  'Unavailable',
]);

const NETWORK = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'ERR_SOCKET_CONNECTION_TIMEOUT',
]);

/** The setting that an error code refers to, if there is one. */
const FIELD_OF_CODE: readonly (readonly [RegExp, string])[] = [
  [/^InvalidSubnet/, 'subnet'],
  [/^InvalidAMI/, 'image'],
  [/^InvalidKeyPair/, 'keyName'],
  [/^(InvalidGroup|InvalidSecurityGroup|InvalidGroupId)/, 'securityGroups'],
  [/^InvalidInstanceType/, 'instanceTypes'],
  [/^InvalidVpc/, 'vpcId'],
  [/^(InvalidAvailabilityZone|InvalidZone)/, 'zone'],
  [/^InvalidIPAddress/, 'privateIp'],
  [/^(InvalidIamInstanceProfile|InvalidIAMInstanceProfile)/, 'instanceProfile'],
];

/** Reads the error that AWS's SDK throws for an answer; null for an error of our own. */
export function readAwsFailure(error: unknown): AwsFailure | null {
  // The SDK also sets `$metadata` on network errors; only errors of a service have a fault.
  if (!(error instanceof Error) || !('$fault' in error)) return null;
  const { $metadata: metadata, $response: response } = error as {
    $metadata?: { httpStatusCode?: number };
    $response?: { headers?: Readonly<Record<string, string>> };
  };
  return {
    code: codeOf(error),
    message: maskForeignText(error.message),
    status: metadata?.httpStatusCode ?? 0,
    retryAfterMs: readRetryAfter(response?.headers?.['retry-after']),
  };
}

/** Whether an error of this provider was made from that code of AWS. */
export function isAwsCode(error: unknown, ...codes: readonly string[]): boolean {
  return WindlassError.isInstance(error) && codes.includes(awsCodeOf(error) ?? '');
}

/** The code of AWS behind an error of this provider; undefined for others. */
export function awsCodeOf(error: WindlassError): string | undefined {
  return error.cause instanceof AwsCode ? error.cause.name : undefined;
}

/** Whether AWS says that it has no capacity for this instance type here now. */
export function isCapacityError(error: unknown): boolean {
  return WindlassError.isInstance(error) && error.code === 'AWS_CAPACITY';
}

/** Whether AWS says that the named resource does not exist. */
export function isNotFoundError(error: unknown): boolean {
  return WindlassError.isInstance(error) && error.code === 'AWS_NOT_FOUND';
}

/** Keeps AWS's own code with an error, and nothing of the request, which is signed. */
class AwsCode extends Error {
  constructor(code: string, status: number) {
    super(status === 0 ? code : `${code}: HTTP ${status}`);
    this.name = code;
  }
}

/**
 * Turns every error of an SDK call into an error of the closed list. `action` is the name that IAM uses,
 * e.g. `ec2:RunInstances`: an error about a missing permission names it.
 */
export function toWindlassError(error: unknown, action: string): WindlassError {
  if (WindlassError.isInstance(error)) return error;
  const failure = readAwsFailure(error);
  if (failure !== null) return fromFailure(failure, action);
  const code = error instanceof Error ? codeOf(error) : '';
  if (code === 'AbortError') {
    return new WindlassError('cancelled', `${action} was cancelled`, { code: 'CANCELLED' });
  }
  if (/^(CredentialsProvider|TokenProvider|Provider)Error$/.test(code)) {
    return new WindlassError('permission', `no credential for AWS was found: ${messageOf(error)}`, {
      code: 'AWS_CREDENTIAL',
      field: 'credential',
      hint: 'see the section "Credentials" of docs/aws.md; `windlass runtime update` sets another credential',
    });
  }
  if (NETWORK.has(code) || code === 'TimeoutError' || isTlsCode(code)) {
    return new WindlassError('unavailable', `AWS could not be reached for ${action}: ${messageOf(error)}`, {
      code: 'AWS_UNREACHABLE',
      hint: 'check the network of the worker, and the url and the zone of the runtime',
      cause: new AwsCode(code, 0),
    });
  }
  // The SDK's second line is for programmers; an HTML page is reported by its status only.
  const [said = ''] = messageOf(error).split('\n');
  const status = statusOf(error);
  const answer = status === undefined ? '' : ` (HTTP ${status})`;
  return new WindlassError('unavailable', `the answer to ${action}${answer} could not be read: ${said}`, {
    code: 'AWS_ANSWER',
    hint: 'check that the url of the runtime is an endpoint of AWS',
  });
}

/** A failure with the operation that failed. */
type Failure = AwsFailure & { readonly action: string };

/** The first rule that fits; an error that no rule knows is a refusal of the request. */
const RULES: readonly ErrorRule<Failure>[] = [
  {
    fits: ({ code, status }) => THROTTLED.has(code) || status === 429,
    kind: 'throttled',
    code: 'AWS_THROTTLED',
    say: ({ action, code }) => `AWS limits the request rate (${action}: ${code})`,
    options: ({ retryAfterMs }) => ({ retryAfterMs: retryAfterMs ?? 5_000 }),
  },
  {
    fits: ({ code }) => EXPIRED.has(code),
    kind: 'permission',
    code: 'AWS_SESSION_EXPIRED',
    say: ({ action, code }) => `the session of the credential has expired (${action}: ${code})`,
    options: () => ({
      field: 'credential',
      hint: 'give the runtime a new one: windlass runtime update NAME --credential FILE',
    }),
  },
  {
    fits: ({ code }) => UNKNOWN_CALLER.has(code),
    kind: 'permission',
    code: 'AWS_CREDENTIAL',
    say: ({ action, code }) => `AWS does not accept the credential (${action}: ${code})`,
    options: () => ({
      field: 'credential',
      hint: 'check the keys; windlass runtime update NAME --credential FILE sets others',
    }),
  },
  {
    fits: ({ code }) => DENIED.has(code),
    kind: 'permission',
    code: 'AWS_PERMISSION',
    say: ({ action, code }) => `the credential may not do ${action} (${code})`,
    options: ({ action }) => ({
      hint: `allow ${action}; docs/aws-iam-policy.json lists everything that windlass needs`,
    }),
  },
  {
    fits: ({ code }) => CAPACITY.has(code),
    kind: 'capacity',
    code: 'AWS_CAPACITY',
    say: (failure) => `AWS has no capacity for it here now (${wordsOf(failure)})`,
    options: () => ({
      hint: 'name other subnets or instance types in the settings of the runtime, or try again later',
    }),
  },
  {
    fits: ({ code }) => QUOTA.has(code),
    kind: 'quota',
    code: 'AWS_QUOTA',
    options: () => ({ hint: 'delete what is not needed, or ask AWS for a higher quota' }),
  },
  {
    fits: ({ code }) =>
      /NotFound/.test(code) || code === 'NoSuchResourceException' || code === 'NoSuchEntity',
    kind: 'not-found',
    code: 'AWS_NOT_FOUND',
    options: toField,
  },
  { fits: ({ code }) => CONFLICT.has(code), kind: 'conflict', code: 'AWS_CONFLICT', options: toField },
  {
    fits: ({ code, status }) => UNAVAILABLE.has(code) || status >= 500,
    kind: 'unavailable',
    code: 'AWS_UNAVAILABLE',
    options: ({ retryAfterMs }) => (retryAfterMs === undefined ? {} : { retryAfterMs }),
  },
  { fits: () => true, kind: 'invalid-input', code: 'AWS_REFUSED', options: toField },
];

function fromFailure(failure: AwsFailure, action: string): WindlassError {
  const full = { ...failure, action };
  return toErrorByRules(RULES, full, wordsOf(full), new AwsCode(failure.code, failure.status));
}

function wordsOf({ action, code, message }: Failure): string {
  return `${action}: ${code}: ${message}`;
}

function toField({ code }: Failure): { readonly field?: string } {
  const field = FIELD_OF_CODE.find(([form]) => form.test(code))?.[1];
  return field === undefined ? {} : { field };
}

function codeOf(error: Error): string {
  const { code, Code } = error as { code?: unknown; Code?: unknown };
  for (const candidate of [Code, code, error.name]) {
    // EC2 sometimes puts the faulty side in front: `Client.RequestLimitExceeded`.
    if (typeof candidate === 'string') return candidate.replace(/^(Client|Server)\./, '');
  }
  return '';
}

function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const { $response: response } = error as { $response?: { statusCode?: number } };
  return response?.statusCode;
}

function isTlsCode(code: string): boolean {
  return /^(CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|ERR_TLS|ERR_SSL)/.test(code);
}

function readRetryAfter(header: string | undefined): number | undefined {
  const seconds = Number(header);
  return header === undefined || !Number.isFinite(seconds) ? undefined : Math.max(0, seconds) * 1000;
}

function messageOf(error: unknown): string {
  return maskForeignText(error instanceof Error ? error.message : String(error));
}
