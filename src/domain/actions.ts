import type { ClusterStatus, TransitionStatus } from './cluster.ts';

/** Every fact of a job action. */
export interface JobActionFacts {
  /**
   * Statuses a cluster may be in when the action begins: the widest that any provider allows; a
   * provider refuses more when it plans.
   */
  readonly from: readonly ClusterStatus[];
  /** Shown while a job of the action is open. */
  readonly transition: TransitionStatus;
  /**
   * Status after success; a failed job leaves `failed`. `as-before`: the status before, and `active` if
   * that was `failed`. `forgotten`: no row of the cluster is left.
   */
  readonly to: ClusterStatus | 'as-before' | 'forgotten';
  /**
   * The desired state of the cluster: `new`, given for the first time; `changed` by the job (see
   * ClusterChange); or the `same` as before, so that only existing resources change.
   */
  readonly spec: 'new' | 'changed' | 'same';
  /**
   * What the job needs of the account beyond what the cluster has. `new`: instances and volumes that do
   * not exist yet. `larger`: more of the existing ones. `running`: stopped instances count again. `any`:
   * whatever another version or conf needs. All except `nothing` are checked with the provider before the
   * first effect.
   */
  readonly needs: 'new' | 'larger' | 'running' | 'any' | 'nothing';
  /** It continues from what a create has made, and is refused while some of that is missing. */
  readonly wholeOnly?: true;
  /** Resources that the cloud no longer has are found first: the job creates them. */
  readonly refreshFirst?: true;
  /** Done by the engine alone; a provider takes part if its capabilities name the action. */
  readonly by?: 'engine';
}

const TABLE = {
  create: { from: ['pending'], transition: 'creating', to: 'active', spec: 'new', needs: 'new' },
  stop: { from: ['active', 'failed'], transition: 'stopping', to: 'stopped', spec: 'same', needs: 'nothing' },
  start: {
    from: ['stopped', 'failed'],
    transition: 'starting',
    to: 'active',
    spec: 'same',
    needs: 'running',
    wholeOnly: true,
  },
  delete: {
    from: ['pending', 'active', 'stopped', 'failed'],
    transition: 'deleting',
    to: 'deleted',
    spec: 'same',
    needs: 'nothing',
  },
  cease: {
    from: ['deleted'],
    transition: 'ceasing',
    to: 'forgotten',
    spec: 'same',
    needs: 'nothing',
    by: 'engine',
  },
  'add-nodes': {
    from: ['active', 'failed'],
    transition: 'scaling',
    to: 'active',
    spec: 'changed',
    needs: 'new',
    wholeOnly: true,
  },
  'delete-nodes': {
    from: ['active', 'failed'],
    transition: 'scaling',
    to: 'active',
    spec: 'changed',
    needs: 'nothing',
    wholeOnly: true,
  },
  resize: {
    from: ['active', 'stopped', 'failed'],
    transition: 'resizing',
    to: 'as-before',
    spec: 'changed',
    needs: 'larger',
    wholeOnly: true,
  },
  'update-env': {
    from: ['active', 'stopped', 'failed'],
    transition: 'updating',
    to: 'as-before',
    spec: 'changed',
    needs: 'any',
  },
  restart: {
    from: ['active', 'failed'],
    transition: 'restarting',
    to: 'active',
    spec: 'same',
    needs: 'nothing',
    wholeOnly: true,
  },
  upgrade: {
    from: ['active', 'stopped', 'failed'],
    transition: 'upgrading',
    to: 'as-before',
    spec: 'changed',
    needs: 'any',
  },
  rollback: {
    from: ['active', 'stopped', 'failed'],
    transition: 'rolling-back',
    to: 'as-before',
    spec: 'changed',
    needs: 'any',
  },
  recover: {
    from: ['failed', 'deleted'],
    transition: 'recovering',
    to: 'active',
    spec: 'same',
    needs: 'new',
    refreshFirst: true,
  },
  'custom-service': {
    from: ['active'],
    transition: 'running-service',
    to: 'active',
    spec: 'same',
    needs: 'nothing',
  },
  'attach-key-pairs': {
    from: ['active'],
    transition: 'updating',
    to: 'active',
    spec: 'same',
    needs: 'nothing',
  },
  'detach-key-pairs': {
    from: ['active'],
    transition: 'updating',
    to: 'active',
    spec: 'same',
    needs: 'nothing',
  },
} as const satisfies Record<string, JobActionFacts>;

export type JobAction = keyof typeof TABLE;

/**
 * Every job action with its facts. The database, the checks, providers and clients read them only here.
 * Names are append only: jobs of every version are kept.
 */
export const JOB_ACTIONS: Readonly<Record<JobAction, JobActionFacts>> = TABLE;

export const JOB_ACTION_NAMES = Object.keys(TABLE) as readonly JobAction[];

/** The actions whose facts meet a condition, e.g. those that create something. */
export function listJobActions(isMeant: (facts: JobActionFacts) => boolean): readonly JobAction[] {
  return JOB_ACTION_NAMES.filter((action) => isMeant(JOB_ACTIONS[action]));
}

/** Status of a cluster after an action that began in `before` has succeeded. */
export function statusAfterSuccess(action: JobAction, before: ClusterStatus): ClusterStatus {
  const { to } = JOB_ACTIONS[action];
  if (to === 'forgotten') return before;
  if (to !== 'as-before') return to;
  return before === 'failed' ? 'active' : before;
}
