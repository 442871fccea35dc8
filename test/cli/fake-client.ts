import type { WindlassClient } from '../../src/client/index.ts';
import { WindlassError } from '../../src/domain/index.ts';
import type { JobView } from '../../src/protocol/index.ts';
import { eventsUntil, VIEWS } from './job-sample.ts';

/** What the tests replace; every other method refuses. */
export interface FakeClient {
  readonly runtimes?: Partial<WindlassClient['runtimes']>;
  readonly apps?: Partial<WindlassClient['apps']>;
  readonly clusters?: Partial<WindlassClient['clusters']>;
  readonly jobs?: Partial<WindlassClient['jobs']>;
}

/** A whole client whose methods are those given. */
export function createFakeClient(fake: FakeClient): WindlassClient {
  const refuse = (): Promise<never> => Promise.reject(new Error('the test did not expect this call'));
  return {
    runtimes: {
      ...{ create: refuse, list: refuse, describe: refuse, validate: refuse, zones: refuse, subnets: refuse },
      ...{ vpc: refuse, update: refuse, delete: refuse },
      ...fake.runtimes,
    },
    apps: { validate: refuse, register: refuse, list: refuse, describe: refuse, ...fake.apps },
    clusters: {
      ...{
        create: refuse,
        list: refuse,
        describe: refuse,
        metadata: refuse,
        stop: refuse,
        start: refuse,
        delete: refuse,
      },
      ...{ upgrade: refuse, rollback: refuse, updateEnv: refuse, addNodes: refuse, deleteNodes: refuse },
      ...{ resize: refuse, restart: refuse, recover: refuse, cease: refuse, run: refuse },
      ...fake.clusters,
    },
    jobs: {
      ...{ list: refuse, describe: refuse, wait: refuse, cancel: refuse, history: refuse },
      watch: () => {
        throw new Error('the test did not expect this call');
      },
      ...fake.jobs,
    },
    server: { address: 'server.test:7233', namespace: 'default', from: 'the test' },
    describeWorker: refuse,
    close: async () => {},
  };
}

/** A wait that sees the looks of the sample up to one of them, and returns this view. */
export function createFakeWait(lastLook: number, view: JobView): WindlassClient['jobs']['wait'] {
  return async (_jobId, options) => {
    for (const look of VIEWS.slice(0, lastLook + 1)) options?.onView?.(look.view);
    for (const event of eventsUntil(lastLook)) options?.onEvent?.(event);
    return view;
  };
}

/** A wait that ends only when its signal aborts. */
export const waitForAbort: WindlassClient['jobs']['wait'] = (jobId, options) =>
  new Promise((_resolve, reject) => {
    options?.signal?.addEventListener('abort', () =>
      reject(new WindlassError('cancelled', `no longer waiting for job ${jobId}`, { code: 'WAIT_ABORTED' })),
    );
  });
