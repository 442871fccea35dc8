import { isGrpcServiceError } from '@temporalio/client';
import {
  ApplicationFailure,
  CancelledFailure,
  NamespaceNotFoundError,
  TimeoutFailure,
} from '@temporalio/common';
import { isErrorInfo, WindlassError } from '../domain/index.ts';

/** gRPC status codes that have a meaning of their own here. */
const GRPC = {
  CANCELLED: 1,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  UNIMPLEMENTED: 12,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

/** The server's address, for messages. */
export interface ServerAddress {
  readonly address: string;
  readonly namespace: string;
  /** What names it: a variable, a profile, the stack of a WINDLASS_HOME, the default. */
  readonly from?: string;
  /** The log of its worker, if it is the embedded stack's. */
  readonly workerLog?: string;
}

/**
 * Turns an error of a call to Temporal into ours: the error that a worker threw (its first detail is the
 * ErrorInfo), no worker in time, no server, a server that refuses.
 */
export function toWindlassError(error: unknown, server: ServerAddress): WindlassError {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (WindlassError.isInstance(cause)) return cause;
    if (cause instanceof ApplicationFailure) return fromApplicationFailure(cause);
    if (cause instanceof TimeoutFailure) return fromTimeout(cause, server);
    if (cause instanceof CancelledFailure) {
      return new WindlassError('cancelled', cause.message, { code: 'CANCELLED', cause: error });
    }
    if (cause instanceof NamespaceNotFoundError)
      return fromGrpcError(GRPC.NOT_FOUND, 'it does not exist', server, error);
    if (isGrpcServiceError(cause)) return fromGrpcError(cause.code, cause.details, server, error);
  }
  // The client stops connecting with a plain error of its own.
  if (error instanceof Error && /connect/i.test(error.message))
    return unreachable(server, error.message, error);
  const message = error instanceof Error ? error.message : String(error);
  return new WindlassError('internal', message, { code: 'UNEXPECTED', cause: error });
}

function fromApplicationFailure(failure: ApplicationFailure): WindlassError {
  const info: unknown = failure.details?.[0];
  if (isErrorInfo(info)) return WindlassError.fromInfo(info);
  const unknownRead = /is not registered on this Worker/.test(failure.message);
  return new WindlassError('internal', failure.message, {
    code: unknownRead ? 'WORKER_TOO_OLD' : 'UNEXPECTED',
    ...(unknownRead ? { hint: 'the workers are older than this client: update them' } : {}),
    cause: failure,
  });
}

function fromTimeout(failure: TimeoutFailure, { workerLog }: ServerAddress): WindlassError {
  if (failure.timeoutType === 'SCHEDULE_TO_START') {
    return new WindlassError('unavailable', 'the server answers, but no worker took the request', {
      code: 'NO_WORKER',
      hint:
        workerLog === undefined
          ? 'start one: windlass worker (or, for everything on this machine, windlass dev)'
          : `the stack's worker is gone or busy; windlass dev starts another by itself. Its log is ${workerLog}`,
    });
  }
  return answerTimeout(workerLog);
}

/** A worker took the request, and neither it nor the next one has answered in time. */
export function answerTimeout(workerLog?: string): WindlassError {
  return new WindlassError('timeout', 'a worker took the request and did not answer in time', {
    code: 'READ_TIMEOUT',
    hint: `it may still be carried out; check whether it was, then try again. If it happens again, read ${workerLog === undefined ? 'the log of the workers' : `the worker's log: ${workerLog}`}`,
  });
}

function fromGrpcError(code: number, details: string, server: ServerAddress, cause: unknown): WindlassError {
  const where = `Temporal at ${server.address}`;
  switch (code) {
    case GRPC.UNAVAILABLE:
    case GRPC.DEADLINE_EXCEEDED:
      return unreachable(server, details, cause);
    case GRPC.CANCELLED:
      return new WindlassError('cancelled', 'the request was cancelled', { code: 'CANCELLED', cause });
    case GRPC.NOT_FOUND:
      return new WindlassError('not-found', `${where}, namespace ${server.namespace}: ${details}`, {
        code: 'TEMPORAL_NOT_FOUND',
        hint: 'check TEMPORAL_NAMESPACE',
        cause,
      });
    case GRPC.PERMISSION_DENIED:
    case GRPC.UNAUTHENTICATED:
      return new WindlassError('permission', `${where} refuses: ${details}`, {
        code: 'TEMPORAL_REFUSED',
        hint: 'check the certificate or key that TEMPORAL_* or the profile names',
        cause,
      });
    case GRPC.RESOURCE_EXHAUSTED:
      return new WindlassError('throttled', `${where} limits the request rate: ${details}`, {
        code: 'TEMPORAL_THROTTLED',
        hint: 'try again a little later',
        cause,
      });
    case GRPC.UNIMPLEMENTED:
      return new WindlassError('unavailable', `${where} is too old: ${details}`, {
        code: 'TEMPORAL_TOO_OLD',
        hint: 'windlass needs Temporal server 1.32 or newer',
        cause,
      });
    default:
      return new WindlassError('internal', `${where}: ${details}`, { code: 'TEMPORAL_ERROR', cause });
  }
}

function unreachable(server: ServerAddress, why: string, cause: unknown): WindlassError {
  return new WindlassError('unavailable', `no Temporal server answers at ${server.address} (${why})`, {
    code: 'TEMPORAL_UNREACHABLE',
    hint: 'set TEMPORAL_ADDRESS, or start everything on this machine: windlass dev',
    cause,
  });
}
