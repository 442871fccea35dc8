import { WindlassError, type Credential } from '../../domain/index.ts';

/** How requests are signed: the keys themselves, or where they come from. */
export type AwsCredential = {
  readonly base:
    | {
        readonly kind: 'keys';
        readonly accessKeyId: string;
        readonly secretAccessKey: string;
        readonly sessionToken?: string;
      }
    | { readonly kind: 'profile'; readonly profile: string }
    | { readonly kind: 'web-identity'; readonly tokenFile: string }
    /** Environment, shared files, the machine's or container's own role: as the AWS tools look. */
    | { readonly kind: 'default-chain' };
  /** A role that the base assumes. */
  readonly role: { readonly arn: string; readonly externalId?: string; readonly sessionName: string } | null;
};

const KNOWN = [
  'accessKeyId',
  'secretAccessKey',
  'sessionToken',
  'profile',
  'roleArn',
  'externalId',
  'roleSessionName',
  'webIdentityTokenFile',
];

/**
 * Reads what `--credential` named. An empty object is the default chain of the worker.
 *
 * @throws invalid-input `AWS_CREDENTIAL_FORMAT`, field `credential`; says nothing of the values.
 */
export function readAwsCredential(given: Credential): AwsCredential {
  // What is no flat JSON object travels as one text.
  if ('document' in given) throw malformed('it is not a JSON object of texts');
  for (const [name, value] of Object.entries(given)) {
    if (!KNOWN.includes(name)) throw malformed(`${JSON.stringify(name)} is no part of an AWS credential`);
    if (typeof value !== 'string' || value === '')
      throw malformed(`${name} must be a text that is not empty`);
  }
  const base = readBase(given);
  const arn = given['roleArn'];
  if (arn === undefined) {
    for (const name of ['externalId', 'roleSessionName', 'webIdentityTokenFile']) {
      if (given[name] !== undefined) throw malformed(`${name} goes with roleArn, which is missing`);
    }
    return { base, role: null };
  }
  if (!/^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/.test(arn))
    throw malformed('roleArn is not the ARN of a role');
  const externalId = given['externalId'];
  return {
    base,
    role: {
      arn,
      ...(externalId === undefined ? {} : { externalId }),
      sessionName: given['roleSessionName'] ?? 'windlass',
    },
  };
}

function readBase(given: Credential): AwsCredential['base'] {
  const { accessKeyId, secretAccessKey, sessionToken, profile, webIdentityTokenFile } = given;
  const ways = [accessKeyId ?? secretAccessKey ?? sessionToken, profile, webIdentityTokenFile];
  if (ways.filter((way) => way !== undefined).length > 1) {
    throw malformed('it names more than one of keys, profile and webIdentityTokenFile');
  }
  if (profile !== undefined) return { kind: 'profile', profile };
  if (webIdentityTokenFile !== undefined) return { kind: 'web-identity', tokenFile: webIdentityTokenFile };
  if (ways[0] === undefined) return { kind: 'default-chain' };
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw malformed('accessKeyId and secretAccessKey go together');
  }
  return {
    kind: 'keys',
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
}

function malformed(why: string): WindlassError {
  return new WindlassError('invalid-input', `the AWS credential cannot be used: ${why}`, {
    code: 'AWS_CREDENTIAL_FORMAT',
    field: 'credential',
    hint: `a JSON object of ${KNOWN.join(', ')}; empty for the worker's own (docs/aws.md)`,
  });
}
