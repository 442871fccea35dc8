import { WindlassError } from '../../../domain/index.ts';
import { maskForeignText } from '../../../masking/index.ts';
import { toErrorByRules, type ErrorRule } from '../../../provider-utils/index.ts';
import type { KubeStatus } from './kube-types.ts';

/** What a request was about, for its error. */
export interface RequestWords {
  /** e.g. `create deployments web` */
  readonly what: string;
}

/** A refusal by an API server. */
interface Refusal {
  readonly httpStatus: number;
  readonly message: string;
  readonly retryAfterMs: number;
}

const is =
  (...statuses: readonly number[]) =>
  ({ httpStatus }: Refusal): boolean =>
    statuses.includes(httpStatus);
const retryAfter = ({ retryAfterMs }: Refusal) => ({ retryAfterMs });

const RULES: readonly ErrorRule<Refusal>[] = [
  {
    fits: is(401),
    kind: 'permission',
    code: 'KUBERNETES_UNAUTHORIZED',
    say: () => 'the API server does not accept this credential',
    options: () => ({
      field: 'credential',
      hint: 'the token may have expired: windlass runtime update NAME --credential FILE',
    }),
  },
  {
    fits: ({ httpStatus, message }) => httpStatus === 403 && isQuota(message),
    kind: 'quota',
    code: 'KUBERNETES_QUOTA',
    options: () => ({ hint: HINT_QUOTA }),
  },
  { fits: is(403), kind: 'permission', code: 'KUBERNETES_FORBIDDEN', options: () => ({ hint: HINT_RBAC }) },
  { fits: is(404), kind: 'not-found', code: 'KUBERNETES_NOT_FOUND' },
  { fits: is(409), kind: 'conflict', code: 'KUBERNETES_CONFLICT' },
  { fits: is(410), kind: 'unavailable', code: 'KUBERNETES_EXPIRED', options: () => ({ retryAfterMs: 100 }) },
  {
    fits: is(400, 413, 415, 422),
    kind: 'invalid-input',
    code: 'KUBERNETES_INVALID',
    options: () => ({ hint: 'correct the chart or its values' }),
  },
  { fits: is(429), kind: 'throttled', code: 'KUBERNETES_THROTTLED', options: retryAfter },
  {
    fits: ({ httpStatus }) => httpStatus >= 500,
    kind: 'unavailable',
    code: 'KUBERNETES_UNAVAILABLE',
    options: retryAfter,
  },
  { fits: () => true, kind: 'internal', code: 'KUBERNETES_ERROR' },
];

/** Turns the refusal of an API server into an error of the closed list. */
export function toStatusError(
  httpStatus: number,
  status: KubeStatus,
  { what }: RequestWords,
  retryAfterSeconds?: number,
): WindlassError {
  const message = maskForeignText(status.message ?? `HTTP ${httpStatus}`);
  const retryAfterMs = (retryAfterSeconds ?? status.details?.retryAfterSeconds ?? 1) * 1000;
  return toErrorByRules(RULES, { httpStatus, message, retryAfterMs }, `${what}: ${message}`);
}

const HINT_QUOTA = 'raise the namespace’s ResourceQuota or LimitRange, or ask for less';
export const HINT_RBAC = 'give the credential’s user a Role with this right in the namespace';

/** Whether the API server's message means that a ResourceQuota is used up. */
export function isQuota(message: string): boolean {
  return /exceeded quota|is forbidden: (failed|insufficient) quota|(maximum|minimum) .{0,200} usage per (Pod|Container|PersistentVolumeClaim)/i.test(
    message,
  );
}

export function quotaError(what: string, message: string): WindlassError {
  return new WindlassError('quota', `${what}: ${message}`, {
    code: 'KUBERNETES_QUOTA',
    hint: HINT_QUOTA,
  });
}

/** TLS errors by Node's error codes. */
const TLS_FAULTS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed, and no CA that was given has signed it',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate was issued by a CA that was not given',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate was issued by a CA that was not given',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate was issued by a CA that was not given',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate was issued by a CA that was not given',
  CERT_SIGNATURE_FAILURE: 'its certificate was issued by another CA of the same name',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS',
  EPROTO: 'it does not speak TLS as expected',
};

/** Turns a connection failure into an error of the closed list that says which part failed. */
export function toNetworkError(error: unknown, server: URL, signal: AbortSignal): WindlassError {
  if (WindlassError.isInstance(error)) return error;
  if (signal.aborted) {
    return new WindlassError('cancelled', 'the call was cancelled', {
      code: 'CANCELLED',
      cause: signal.reason,
    });
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const tls = TLS_FAULTS[code];
  if (tls !== undefined) {
    return new WindlassError('permission', `the API server at ${server.host} is not trusted: ${tls}`, {
      code: 'KUBERNETES_TLS',
      field:
        code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code.includes('SSL') || code === 'EPROTO'
          ? 'url'
          : 'credential',
      hint: 'give the CA of the server (certificate-authority-data of the kubeconfig); TLS verification cannot be turned off',
    });
  }
  const why = code === '' ? (error instanceof Error ? error.message : String(error)) : code;
  return new WindlassError('unavailable', `the API server at ${server.host} cannot be reached: ${why}`, {
    code: 'KUBERNETES_UNREACHABLE',
    field: 'url',
    hint: 'check the address, and whether workers can reach it',
  });
}
