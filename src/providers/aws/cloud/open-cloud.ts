import { createHash } from 'node:crypto';
import { Agent } from 'node:https';
import { rootCertificates } from 'node:tls';
import type { EC2, EC2ClientConfig } from '@aws-sdk/client-ec2';
import type { ServiceQuotas } from '@aws-sdk/client-service-quotas';
import type { SSM } from '@aws-sdk/client-ssm';
import type { STS } from '@aws-sdk/client-sts';
import { checkUrl, WindlassError, type Credential } from '../../../domain/index.ts';
import type { Call } from '../../../provider/index.ts';
import { readAwsCredential, type AwsCredential, type AwsCredentialPolicy } from '../credential.ts';
import type { AwsSettings } from '../settings.ts';
import { loadSdk } from './load-sdk.ts';
import { toWindlassError } from './to-windlass-error.ts';

/** What a request of ours needs of a call. */
export type RequestCall = Pick<Call, 'signal' | 'send'>;

interface RequestOptions {
  readonly abortSignal: AbortSignal;
}

/** Sends one request; all errors are WindlassErrors. `action` is the operation, as IAM names it. */
export type Ask<Client> = <Answer>(
  call: RequestCall,
  action: string,
  send: (client: Client, options: RequestOptions) => Promise<Answer>,
) => Promise<Answer>;

/** The AWS services of one region, used with one credential. */
export interface AwsCloud {
  readonly region: string;
  readonly ec2: Ask<EC2>;
  readonly sts: Ask<STS>;
  readonly ssm: Ask<SSM>;
  readonly serviceQuotas: Ask<ServiceQuotas>;
  /** A cache that lives as long as the clients: values that were read for this region and account. */
  readonly cache: Map<string, unknown>;
  /** The interval in which all waits together read one kind of resource. */
  readonly pollMs: number;
}

export interface CloudAccount {
  readonly url: string;
  readonly region: string;
  readonly credential: Credential;
  readonly settings: Pick<AwsSettings, 'caCertificate'>;
}

/** Opens a cloud; the same place returns the same clients, so that connections and reads are shared. */
export type OpenCloud = (aws: CloudAccount) => AwsCloud;

const CONNECTION_LIMIT_MS = 5_000;
const ANSWER_LIMIT_MS = 60_000;
const MAX_CONNECTIONS = 64;
const KEPT_CLOUDS = 50;

/** What the operator of the workers has set for all runtimes. */
export interface CloudOptions {
  /** The interval in which all waits together read one kind of resource. */
  readonly pollMs: number;
  readonly credentials: AwsCredentialPolicy;
  /** Hosts that a runtime's url may name with plain http. */
  readonly plainHttpHosts: readonly string[];
  /** Replaces AWS's own endpoints for runtimes that name none. */
  readonly endpoint?: string;
}

/**
 * Nothing is loaded or requested before the first request. A changed credential opens another cloud; the
 * one before is dropped.
 */
export function createCloudOpener(options: CloudOptions): OpenCloud {
  const clouds = new Map<string, AwsCloud>();
  return (given) => {
    const { plainHttpHosts, endpoint = '' } = options;
    const { url, settings } = given;
    const isElsewhere = url !== '' || settings.caCertificate !== undefined;
    const credential = readAwsCredential(given.credential, isElsewhere, options.credentials);
    const checked =
      url === '' ? endpoint : checkUrl(url, { field: 'url', code: 'RUNTIME_URL', plainHttpHosts }).href;
    const aws = { ...given, url: checked };
    const key = keyOf(aws);
    let cloud = clouds.get(key);
    if (cloud === undefined) {
      const [oldest] = clouds.keys();
      if (oldest !== undefined && clouds.size >= KEPT_CLOUDS) clouds.delete(oldest);
      cloud = createCloud(aws, credential, options.pollMs);
      clouds.set(key, cloud);
    }
    return cloud;
  };
}

/** A digest of everything that a client is made from; the values cannot be read back. */
function keyOf({ url, region, credential, settings }: CloudAccount): string {
  const parts = [url, region, settings.caCertificate ?? '', Object.entries(credential).sort()];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

function createCloud(aws: CloudAccount, credential: AwsCredential, pollMs: number): AwsCloud {
  const config = once(() => createClientConfig(aws, credential));
  return {
    region: aws.region,
    ec2: createAsk('ec2', async () => new (await loadSdk.ec2()).EC2(await config())),
    sts: createAsk('sts', async () => new (await loadSdk.sts()).STS(await config())),
    ssm: createAsk('ssm', async () => new (await loadSdk.ssm()).SSM(await config())),
    serviceQuotas: createAsk(
      'servicequotas',
      async () => new (await loadSdk.serviceQuotas()).ServiceQuotas(await config()),
    ),
    cache: new Map(),
    pollMs,
  };
}

function createAsk<Client>(service: string, create: () => Promise<Client>): Ask<Client> {
  const open = once(create);
  return async (call, operation, send) => {
    const action = `${service}:${operation}`;
    try {
      const client = await open();
      return await call.send(() => send(client, { abortSignal: call.signal }));
    } catch (error) {
      if (call.signal.aborted) throw cancelled(action, call.signal);
      throw toWindlassError(error, action);
    }
  };
}

function cancelled(action: string, signal: AbortSignal): WindlassError {
  return new WindlassError('cancelled', `${action} was cancelled`, {
    code: 'CANCELLED',
    cause: signal.reason,
  });
}

interface ClientConfig {
  readonly region: string;
  readonly endpoint?: string;
  readonly ignoreConfiguredEndpointUrls: boolean;
  readonly defaultsMode: 'standard';
  readonly retryMode: 'standard';
  readonly useFipsEndpoint: boolean;
  readonly useDualstackEndpoint: boolean;
  readonly authSchemePreference: string[];
  readonly sigv4aSigningRegionSet: string[];
  readonly userAgentAppId: string;
  readonly maxAttempts: number;
  readonly credentials: NonNullable<EC2ClientConfig['credentials']>;
  readonly requestHandler: NonNullable<EC2ClientConfig['requestHandler']>;
}

/**
 * Only the engine retries: a client that also retried would multiply the attempts. Everything that the SDK
 * would otherwise read from the worker's environment and shared files is set here, so that no endpoint,
 * signer or identity comes from there.
 */
async function createClientConfig(aws: CloudAccount, credential: AwsCredential): Promise<ClientConfig> {
  const { NodeHttpHandler } = await loadSdk.httpHandler();
  const { caCertificate } = aws.settings;
  const common: Omit<ClientConfig, 'credentials'> = {
    region: aws.region,
    ...(aws.url === '' ? {} : { endpoint: aws.url }),
    ignoreConfiguredEndpointUrls: true,
    defaultsMode: 'standard',
    retryMode: 'standard',
    // The operator of the workers may decide these two: both endpoints are AWS's own.
    useFipsEndpoint: process.env['AWS_USE_FIPS_ENDPOINT'] === 'true',
    useDualstackEndpoint: process.env['AWS_USE_DUALSTACK_ENDPOINT'] === 'true',
    authSchemePreference: ['sigv4'],
    sigv4aSigningRegionSet: [aws.region],
    userAgentAppId: 'windlass',
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: CONNECTION_LIMIT_MS,
      requestTimeout: ANSWER_LIMIT_MS,
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true, maxSockets: MAX_CONNECTIONS },
      httpsAgent: new Agent({
        keepAlive: true,
        maxSockets: MAX_CONNECTIONS,
        rejectUnauthorized: true,
        // In addition to the system's own CAs; verification stays on.
        ...(caCertificate === undefined ? {} : { ca: [...rootCertificates, caCertificate] }),
      }),
    }),
  };
  return { ...common, credentials: await createCredentials(credential, common) };
}

async function createCredentials(
  { base, role }: AwsCredential,
  clientConfig: Omit<ClientConfig, 'credentials'>,
): Promise<ClientConfig['credentials']> {
  if (base.kind === 'keys') {
    return role === null ? base : assumeRole(role, { ...clientConfig, credentials: base });
  }
  const providers = await loadSdk.credentialProviders();
  if (base.kind === 'web-identity') {
    return named(
      'sts:AssumeRoleWithWebIdentity',
      providers.fromTokenFile({
        webIdentityTokenFile: base.tokenFile,
        ...(role === null ? {} : { roleArn: role.arn, roleSessionName: role.sessionName }),
        clientConfig,
      }),
    );
  }
  const source =
    base.kind === 'profile'
      ? providers.fromIni({ profile: base.profile, clientConfig })
      : providers.fromNodeProviderChain({ clientConfig });
  return role === null ? source : assumeRole(role, { ...clientConfig, credentials: source });
}

/** Uses a client of our own: the SDK's helper would read the region from the worker's shared files. */
async function assumeRole(
  role: NonNullable<AwsCredential['role']>,
  config: ClientConfig,
): Promise<ClientConfig['credentials']> {
  const { STS } = await loadSdk.sts();
  const sts = new STS(config);
  return named('sts:AssumeRole', async () => {
    const { Credentials } = await sts.assumeRole({
      RoleArn: role.arn,
      RoleSessionName: role.sessionName,
      ...(role.externalId === undefined ? {} : { ExternalId: role.externalId }),
    });
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials ?? {};
    if (AccessKeyId === undefined || SecretAccessKey === undefined) {
      throw new WindlassError('unavailable', 'sts:AssumeRole: the answer holds no keys', {
        code: 'AWS_ANSWER',
        hint: 'check that the url of the runtime is an endpoint of AWS',
      });
    }
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      ...(SessionToken === undefined ? {} : { sessionToken: SessionToken }),
      ...(Expiration === undefined ? {} : { expiration: Expiration }),
    };
  });
}

function hintOf({ code }: WindlassError): { readonly hint?: string } {
  if (code !== 'AWS_PERMISSION') return {};
  return {
    hint: 'the role must exist and its trust policy must allow the caller with this external id; the caller must be allowed to assume it',
  };
}

/** A refused role is reported as such, not as a refusal of the request that first needed it. */
function named<Given extends object, Keys>(
  action: string,
  find: (given?: Given) => Promise<Keys>,
): (given?: Given) => Promise<Keys> {
  return async (given) => {
    try {
      return await find(given);
    } catch (error) {
      const told = toWindlassError(error, action);
      throw told.kind === 'permission' || told.kind === 'invalid-input'
        ? WindlassError.fromInfo({ ...told.toInfo(), field: 'credential', ...hintOf(told) })
        : told;
    }
  };
}

/** Creates the value once; again after a failure. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    if (made === null) {
      made = make();
      made.catch(() => (made = null));
    }
    return made;
  };
}
