/** The services that the package specification names; all others are custom services. */
export const SERVICE_NAMES = [
  'init',
  'start',
  'stop',
  'restart',
  'scale_out',
  'scale_in',
  'destroy',
  'upgrade',
  'backup',
  'restore',
  'delete_snapshot',
] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** Seconds, from the package specification. */
export const DEFAULT_SERVICE_TIMEOUT_SECONDS = 600;
export const MAX_SERVICE_TIMEOUT_SECONDS = 86_400;

/** One command of a role's life cycle, as the package declares it. */
export interface ServiceSpec {
  /** One of SERVICE_NAMES, or the package's own name when `custom`. */
  readonly name: string;
  readonly custom: boolean;
  readonly command: string;
  /** Roles with a smaller order run in an earlier layer; 0 by default. */
  readonly order: number;
  /** How many nodes of the role run it; null means all. Replicas never count. */
  readonly nodesToExecuteOn: number | null;
  readonly timeoutSeconds: number;
  /** init and upgrade: run after start instead of before it. */
  readonly postStartService: boolean;
  /** destroy: run after stop instead of before it. */
  readonly postStopService: boolean;
  /** destroy: whether the user may delete although it refuses. */
  readonly allowForce: boolean;
  /** scale_out, scale_in: a command that may refuse beforehand. */
  readonly preCheck: string | null;
  /** A command whose output names the node to run on. */
  readonly selector: string | null;
  /** May be run again when its outcome is unknown. */
  readonly idempotent: boolean;
  readonly serviceParams: Readonly<Record<string, unknown>>;
}
