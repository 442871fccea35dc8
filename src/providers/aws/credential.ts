import { WindlassError, type Credential } from '../../domain/index.ts';

/** How requests are signed: the keys themselves, or their source. */
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
    /**
     * Environment, shared files, the machine's or container's own role: the sources that the AWS tools
     * use.
     */
    | { readonly kind: 'default-chain' };
  /** A role that the base identity assumes. */
  readonly role: { readonly arn: string; readonly externalId?: string; readonly sessionName: string } | null;
};

/** What a credential may use of the worker: nothing, unless the operator of the workers allows it. */
export interface AwsCredentialPolicy {
  /** Whether the worker's own keys and roles may sign: environment, shared files, metadata service. */
  readonly allowOwnIdentity: boolean;
  /** Profiles of the worker's `~/.aws`, by their names. */
  readonly allowedProfiles: readonly string[];
  /** Files of the worker with tokens of an identity provider, by their absolute paths. */
  readonly allowedTokenFiles: readonly string[];
}

export const ALLOW_NOTHING: AwsCredentialPolicy = {
  allowOwnIdentity: false,
  allowedProfiles: [],
  allowedTokenFiles: [],
};

/** Every key of a credential, and the pattern of its value. No value can end a header or begin another. */
const FORMS: Readonly<Record<string, RegExp>> = {
  accessKeyId: /^[\w./+=-]{1,128}$/,
  secretAccessKey: /^[\x21-\x7e]{1,256}$/,
  sessionToken: /^[\x21-\x7e]{1,8192}$/,
  profile: /^[\x20-\x7e]{1,128}$/,
  roleArn: /^arn:aws[a-z-]{0,12}:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/,
  externalId: /^[\w+=,.@:/-]{1,1224}$/,
  roleSessionName: /^[\w+=,.@-]{2,64}$/,
  webIdentityTokenFile: /^\/[\x20-\x7e]{1,1024}$/,
};

const KNOWN = Object.keys(FORMS);

/**
 * Reads what `--credential` gave. An empty object means the worker's own identity, if that is allowed.
 * Opens no file and sends no request.
 *
 * @param isElsewhere whether requests go to an address that the user chose: identities of the worker are
 * never sent there
 * @throws invalid-input `AWS_CREDENTIAL_FORMAT`, field `credential`; permission `AWS_IDENTITY`, field
 * `credential` or `url`. The error contains none of the values.
 */
export function readAwsCredential(
  given: Credential,
  isElsewhere: boolean,
  policy: AwsCredentialPolicy,
): AwsCredential {
  // A text that is not a flat JSON object arrives as one text.
  if ('document' in given) throw malformed('it is not a JSON object of strings');
  for (const [name, value] of Object.entries(given)) {
    // Not quoted: it may be a mistyped secret.
    if (!Object.hasOwn(FORMS, name)) throw malformed('it has a key that is not part of an AWS credential');
    if (typeof value !== 'string' || FORMS[name]?.test(value) !== true) {
      throw malformed(`${name} does not have the required form`);
    }
  }
  const base = readBase(given);
  if (base.kind !== 'keys') refuseOwn(base, isElsewhere, policy);
  const arn = given['roleArn'];
  if (arn === undefined) {
    for (const name of ['externalId', 'roleSessionName', 'webIdentityTokenFile']) {
      if (given[name] !== undefined) throw malformed(`${name} requires roleArn, which is missing`);
    }
    return { base, role: null };
  }
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
    throw malformed('it has more than one of keys, profile and webIdentityTokenFile');
  }
  if (profile !== undefined) return { kind: 'profile', profile };
  if (webIdentityTokenFile !== undefined) return { kind: 'web-identity', tokenFile: webIdentityTokenFile };
  if (ways[0] === undefined) return { kind: 'default-chain' };
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw malformed('accessKeyId and secretAccessKey must be given together');
  }
  return {
    kind: 'keys',
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
}

/** Every identity that does not belong to the user. */
function refuseOwn(
  base: Exclude<AwsCredential['base'], { readonly kind: 'keys' }>,
  isElsewhere: boolean,
  policy: AwsCredentialPolicy,
): void {
  const ways = {
    profile: {
      what: 'a profile of the worker',
      setting: 'WINDLASS_AWS_PROFILES',
      isAllowed: base.kind === 'profile' && policy.allowedProfiles.includes(base.profile),
    },
    'web-identity': {
      what: 'a token in a file of the worker',
      setting: 'WINDLASS_AWS_TOKEN_FILES',
      isAllowed: base.kind === 'web-identity' && policy.allowedTokenFiles.includes(base.tokenFile),
    },
    'default-chain': {
      what: 'the worker’s own identity',
      setting: 'WINDLASS_AWS_OWN_IDENTITY',
      isAllowed: policy.allowOwnIdentity,
    },
  };
  const { what, setting, isAllowed } = ways[base.kind];
  if (!isAllowed) {
    throw new WindlassError(
      'permission',
      `the AWS credential asks for ${what}, which workers do not offer to runtimes`,
      {
        code: 'AWS_IDENTITY',
        field: 'credential',
        hint: `give accessKeyId and secretAccessKey; the operator of the workers can allow it with ${setting}`,
      },
    );
  }
  if (!isElsewhere) return;
  throw new WindlassError(
    'permission',
    `${what} is only used with AWS itself, and sent to no other address`,
    {
      code: 'AWS_IDENTITY',
      field: 'url',
      hint: 'leave --url and caCertificate out, or give accessKeyId and secretAccessKey',
    },
  );
}

function malformed(why: string): WindlassError {
  return new WindlassError('invalid-input', `the AWS credential cannot be used: ${why}`, {
    code: 'AWS_CREDENTIAL_FORMAT',
    field: 'credential',
    hint: `a JSON object of ${KNOWN.join(', ')}; docs/aws.md describes the combinations`,
  });
}
