import { WindlassError } from '../domain/index.ts';

/** The error for an id or name that does not exist. */
export function notFound(what: string, name: string, code: string, hint?: string): WindlassError {
  return new WindlassError('not-found', `there is no ${what} ${JSON.stringify(name)}`, {
    code,
    ...(hint === undefined ? {} : { hint }),
  });
}

export function clusterNotFound(clusterId: string): WindlassError {
  return notFound(
    'cluster',
    clusterId,
    'CLUSTER_NOT_FOUND',
    '`windlass cluster list` shows those that exist',
  );
}

export function jobNotFound(jobId: string): WindlassError {
  return notFound('job', jobId, 'JOB_NOT_FOUND', '`windlass job list` shows those that exist');
}

export function runtimeNotFound(nameOrId: string): WindlassError {
  return notFound('runtime', nameOrId, 'RUNTIME_NOT_FOUND', '`windlass runtime list` shows those that exist');
}

export function versionNotFound(idOrName: string): WindlassError {
  return notFound(
    'application version',
    idOrName,
    'APP_NOT_FOUND',
    '`windlass app list` shows those that exist',
  );
}

/** The error for work on a closed job: its effects are no longer wanted. */
export function jobNotOpen(jobId: string, status: string): WindlassError {
  return new WindlassError('conflict', `job ${jobId} is ${status}: nothing more is done for it`, {
    code: 'JOB_NOT_OPEN',
  });
}
