import { WindlassError, type WindlassErrorOptions } from '../../../domain/index.ts';
import { maskForeignText } from '../../../masking/index.ts';
import type { KubeStatus } from './kube-types.ts';

/** What a request was about, for its error. */
export interface RequestWords {
  /** e.g. `create deployments web` */
  readonly what: string;
}

/** Turns the answer of an API server that refused into an error of the closed list. */
export function toStatusError(
  httpStatus: number,
  status: KubeStatus,
  { what }: RequestWords,
  retryAfterSeconds?: number,
): WindlassError {
  const message = maskForeignText(status.message ?? `HTTP ${httpStatus}`);
  const make = (kind: WindlassError['kind'], options: WindlassErrorOptions): WindlassError =>
    new WindlassError(kind, `${what}: ${message}`, options);
  const retryAfterMs = (retryAfterSeconds ?? status.details?.retryAfterSeconds ?? 1) * 1000;
  switch (httpStatus) {
    case 401:
      return new WindlassError('permission', 'the API server does not know this credential', {
        code: 'KUBERNETES_UNAUTHORIZED',
        field: 'credential',
        hint: 'the token may have expired: windlass runtime update NAME --credential FILE',
      });
    case 403:
      return isQuota(message)
        ? quotaError(what, message)
        : make('permission', { code: 'KUBERNETES_FORBIDDEN', hint: HINT_RBAC });
    case 404:
      return make('not-found', { code: 'KUBERNETES_NOT_FOUND' });
    case 409:
      return make('conflict', { code: 'KUBERNETES_CONFLICT' });
    case 410:
      return make('unavailable', { code: 'KUBERNETES_EXPIRED', retryAfterMs: 100 });
    case 400:
    case 413:
    case 415:
    case 422:
      return make('invalid-input', { code: 'KUBERNETES_INVALID', hint: 'correct the chart or its values' });
    case 429:
      return make('throttled', { code: 'KUBERNETES_THROTTLED', retryAfterMs });
    default:
      return httpStatus >= 500
        ? make('unavailable', { code: 'KUBERNETES_UNAVAILABLE', retryAfterMs })
        : make('internal', { code: 'KUBERNETES_ERROR' });
  }
}

export const HINT_RBAC = 'give the credential’s user a Role with this right in the namespace';

/** Whether the API server's words mean that a ResourceQuota has no room. */
export function isQuota(message: string): boolean {
  return /exceeded quota|is forbidden: (failed|insufficient) quota|(maximum|minimum) .{0,200} usage per (Pod|Container|PersistentVolumeClaim)/i.test(
    message,
  );
}

export function quotaError(what: string, message: string): WindlassError {
  return new WindlassError('quota', `${what}: ${message}`, {
    code: 'KUBERNETES_QUOTA',
    hint: 'raise the namespace’s ResourceQuota or LimitRange, or ask for less',
  });
}

/** Errors of TLS by what Node calls them. */
const TLS_FAULTS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself and by no CA that was given',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is of a CA that was not given',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is of a CA that was not given',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate is of a CA that was not given',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is of a CA that was not given',
  CERT_SIGNATURE_FAILURE: 'its certificate is of another CA of the same name',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS',
  EPROTO: 'it does not speak TLS as expected',
};

/** Turns what broke a connection into an error of the closed list, saying which part it was. */
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
      hint: 'give the CA of the server (certificate-authority-data of the kubeconfig); the check is never turned off',
    });
  }
  const why = code === '' ? (error instanceof Error ? error.message : String(error)) : code;
  return new WindlassError('unavailable', `the API server at ${server.host} cannot be reached: ${why}`, {
    code: 'KUBERNETES_UNREACHABLE',
    field: 'url',
    hint: 'check the address, and whether workers may reach it',
  });
}
