import type { TaskAction } from '../domain/index.ts';
import { OPERATIONS, type Operation } from './operations.ts';
import type { CloudKind, CloudResource } from './options.ts';
import { RELEASE_OPERATIONS } from './release-operations.ts';

/** What the traits need to know about a kind of cloud: which task does what in a cluster's life. */
export interface CloudLife {
  readonly kind: CloudKind;
  readonly operations: readonly Operation[];
  /** Creates the main resource of a cluster. */
  readonly make: TaskAction;
  readonly stop: TaskAction;
  readonly start: TaskAction;
  /** The kind of that resource in the cloud. */
  readonly thing: CloudResource['kind'];
}

export const CLOUD_LIVES: Readonly<Record<CloudKind, CloudLife>> = {
  machines: {
    kind: 'machines',
    operations: OPERATIONS,
    make: 'RunInstances',
    stop: 'StopInstances',
    start: 'StartInstances',
    thing: 'instance',
  },
  releases: {
    kind: 'releases',
    operations: RELEASE_OPERATIONS,
    make: 'InstallRelease',
    stop: 'StopWorkloads',
    start: 'StartWorkloads',
    thing: 'release',
  },
};
