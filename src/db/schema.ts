import type { Generated } from 'kysely';
import type {
  AppVersion,
  Cluster,
  ClusterLink,
  ClusterNode,
  ClusterRole,
  FrontgateMember,
  FrontgateKey,
  Job,
  JobCommand,
  LanesShape,
  LayerShape,
  LedgerResource,
  MetadataTree,
  Runtime,
  StepShape,
  StoredTask,
} from '../domain/index.ts';
import type { Row } from './row-mapping.ts';
import type { StoredChange } from './stored-change.ts';

/** The tables, as the newest migration leaves them. */
export interface Database {
  runtime: RuntimeTable;
  app_version: AppVersionTable;
  app_part: { digest: string; index: number; content: Uint8Array; stored_at: Generated<string> };
  cluster: ClusterTable;
  cluster_role: ClusterRoleTable;
  cluster_node: Row<ClusterNode> & { position: number };
  cluster_link: Row<ClusterLink>;
  cluster_secret: { cluster_id: string; name: string; key_id: string; sealed: Uint8Array };
  frontgate_member: Row<FrontgateMember & FrontgateKey>;
  job: JobTable;
  job_step: JobStepTable;
  job_layer: Row<LayerShape> & { job_id: string; step: number };
  job_command: Row<JobCommand>;
  task: Row<StoredTask>;
  resource: ResourceTable;
  call_budget: { provider: string; account: string; region: string; next_at: string };
  leader: { role: string; holder: string; held_until: string };
  worker: {
    identity: string;
    providers: Readonly<Record<string, readonly string[] | null>>;
    seen_at: string;
  };
  schema_migration: { name: string; applied_at: string };
  schema_lock: { id: number };
}

type AppVersionTable = Row<AppVersion> & {
  registered_at: string;
  /**
   * For a version that came with requests which are not accepted yet, their times; null once it is
   * registered.
   */
  claims: Readonly<Record<string, string>> | null;
};

type RuntimeTable = Row<Runtime> & {
  credential_key_id: string | null;
  credential_sealed: Uint8Array | null;
  /** A deleted runtime keeps its row, without credential, so that old clusters can name it. */
  deleted_at: string | null;
};

type ClusterTable = Row<Cluster> & {
  metadata: MetadataTree | null;
};

interface ClusterRoleTable {
  cluster_id: string;
  role: string;
  /** Order among the roles of the cluster, as in the package. */
  position: number;
  spec: ClusterRole;
}

export type JobTable = Row<Job> & {
  /** Null until the plan is stored, like its hash. */
  plan_schema_version: number | null;
  plan_hash: string | null;
  /** Null if the job does not change the desired state. */
  change: StoredChange | null;
};

/** `lanes` is null for a step of one layer. */
type JobStepTable = Row<Omit<StepShape, 'layers' | 'lanes'>> & { job_id: string; lanes: LanesShape | null };

export type ResourceTable = Row<LedgerResource> & {
  /** Empty when no worker holds the lease. */
  holder: string;
  fence: number;
  lease_until: string | null;
};
