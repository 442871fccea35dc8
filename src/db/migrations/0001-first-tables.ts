import type { Migration } from './migration.ts';

/** Every table of the first release. */
export const firstTables: Migration = {
  name: '0001-first-tables',
  statements: [
    `create table runtime (
      runtime_id text primary key,
      name text not null,
      provider text not null,
      url text not null,
      zone text not null,
      settings jsonb not null,
      account text not null,
      region text not null,
      credential_key_id text,
      credential_sealed bytea,
      created_at timestamptz not null,
      deleted_at timestamptz,
      check ((credential_key_id is null) = (credential_sealed is null))
    )`,
    `create unique index runtime_name on runtime (name) where deleted_at is null`,

    `create table app_version (
      version_id text primary key,
      app_name text not null,
      version text not null,
      digest text not null unique,
      size_bytes integer not null,
      created_at timestamptz not null,
      registered_at timestamptz not null,
      claims jsonb
    )`,
    `create index app_version_name on app_version (app_name, created_at)`,
    `create index app_version_claimed on app_version (version_id) where claims is not null`,
    // Parts arrive before their version, so no foreign key ties them to it.
    `create table app_part (
      digest text not null,
      index integer not null check (index >= 0),
      content bytea not null,
      stored_at timestamptz not null default now(),
      primary key (digest, index)
    )`,

    `create table cluster (
      cluster_id text primary key,
      purpose text not null,
      name text not null,
      description text not null,
      runtime_id text not null references runtime,
      version_id text not null,
      app_name text not null,
      subnet_id text not null,
      vpc_id text not null,
      status text not null,
      transition_status text,
      env jsonb not null,
      endpoints jsonb not null,
      metadata_root_access boolean not null,
      advanced_actions jsonb not null,
      upgrade_policy jsonb not null,
      health_check jsonb,
      monitor jsonb,
      display_tabs jsonb,
      reserved_ips jsonb not null,
      backup_policy text,
      incremental_backup_supported boolean not null,
      upgrading_policy text,
      multi_zone_policy text,
      advanced_services jsonb not null,
      add_links jsonb not null,
      extra jsonb not null,
      conf jsonb not null,
      previous jsonb,
      adjustments jsonb not null,
      was_active boolean not null,
      metadata jsonb,
      created_at timestamptz not null
    )`,
    `create index cluster_name on cluster (name) where status <> 'deleted'`,
    // No code path can give a cluster the name of another existing one. A cluster that is being recovered
    // does not count as deleted.
    `create unique index cluster_living_name on cluster (name)
      where purpose = 'app' and (status <> 'deleted' or transition_status = 'recovering')`,
    // Nor store a second frontgate of a runtime and VPC.
    `create unique index cluster_frontgate on cluster (runtime_id, vpc_id)
      where purpose = 'frontgate' and status <> 'deleted'`,
    `create index cluster_runtime on cluster (runtime_id)`,
    `create index cluster_created on cluster (created_at, cluster_id)`,

    `create table cluster_role (
      cluster_id text not null references cluster on delete cascade,
      role text not null,
      position integer not null,
      spec jsonb not null,
      primary key (cluster_id, role)
    )`,
    `create table cluster_node (
      node_id text primary key,
      cluster_id text not null references cluster on delete cascade,
      role text not null,
      server_id integer not null,
      group_id integer not null,
      global_server_id integer not null,
      is_replica boolean not null,
      status text not null,
      instance_id text not null,
      private_ip text not null,
      public_ip text not null,
      ssh jsonb not null,
      volumes jsonb not null,
      passphraseless_key text not null,
      custom_token text not null,
      position integer not null
    )`,
    `create index cluster_node_cluster on cluster_node (cluster_id, position)`,
    `create table cluster_link (
      cluster_id text not null references cluster on delete cascade,
      name text not null,
      target_cluster_id text not null,
      primary key (cluster_id, name)
    )`,
    // The clusters that need the frontgate of a runtime and VPC.
    `create table frontgate_member (
      cluster_id text primary key references cluster on delete cascade,
      runtime_id text not null,
      vpc_id text not null,
      use text not null
    )`,
    `create index frontgate_member_place on frontgate_member (runtime_id, vpc_id)`,
    // Secrets are stored before the cluster whose rows refer to them, so no foreign key ties them to it.
    `create table cluster_secret (
      cluster_id text not null,
      name text not null,
      key_id text not null,
      sealed bytea not null,
      primary key (cluster_id, name)
    )`,

    `create table job (
      job_id text primary key,
      cluster_id text not null references cluster on delete cascade,
      runtime_id text not null,
      action text not null,
      status text not null,
      options jsonb not null,
      requested_by text not null,
      started_at timestamptz not null,
      closed_at timestamptz,
      error jsonb,
      held jsonb,
      plan_schema_version integer,
      plan_hash text,
      change jsonb
    )`,
    // The last safeguard for "at most one running job": no code path can open a second.
    `create unique index job_open on job (cluster_id) where status in ('queued', 'working', 'held')`,
    `create index job_cluster on job (cluster_id, started_at)`,
    `create index job_started on job (started_at, job_id)`,
    `create table job_step (
      job_id text not null references job on delete cascade,
      index integer not null,
      title text not null,
      runs text not null,
      lanes jsonb,
      primary key (job_id, index)
    )`,
    // The layers of a step's lanes that have the same title are one row.
    `create table job_layer (
      job_id text not null references job on delete cascade,
      step integer not null,
      index integer not null,
      name text not null,
      total integer not null,
      primary key (job_id, index)
    )`,
    `create table task (
      task_id text primary key,
      job_id text not null references job on delete cascade,
      cluster_id text not null,
      layer_index integer not null,
      index integer not null,
      lane integer,
      action text not null,
      node_id text,
      label text not null,
      directive jsonb not null,
      resources jsonb not null,
      failure_allowed boolean not null,
      timeout_seconds integer not null,
      status text not null,
      round integer not null,
      failures integer not null,
      observation text,
      error jsonb,
      started_at timestamptz,
      ended_at timestamptz,
      unique (job_id, layer_index, index)
    )`,
    // The commands that users, and the engine itself, have given jobs.
    `create table job_command (
      job_id text not null references job on delete cascade,
      command_id text not null,
      command text not null,
      task_id text,
      by text not null,
      why text not null,
      at timestamptz not null,
      primary key (job_id, command_id)
    )`,

    // Makes the once-only tasks of a cluster quick to find: few of its rows are of such actions.
    `create index task_once on task (cluster_id) where action in (
      'CreateVolumes', 'RunInstances', 'FormatAndMountVolumes', 'GenerateSshKeys',
      'RegisterCustomMetadata', 'InitService', 'InstallRelease'
    )`,

    `create table resource (
      token text primary key,
      cluster_id text not null references cluster on delete cascade,
      node_id text not null,
      kind text not null,
      generation integer not null,
      spec jsonb not null,
      made_by_job text not null,
      cloud_id text not null,
      state text not null,
      attributes jsonb not null,
      holder text not null,
      fence integer not null,
      lease_until timestamptz,
      unique (cluster_id, node_id, kind, generation)
    )`,

    // When the next request to the cloud of an account and region may be sent, by the database's clock.
    `create table call_budget (
      provider text not null,
      account text not null,
      region text not null,
      next_at timestamptz not null,
      primary key (provider, account, region)
    )`,

    // Work that at most one worker does at a time, and the current worker, by the database's clock.
    `create table leader (
      role text primary key,
      holder text not null,
      held_until timestamptz not null
    )`,

    // The existing workers, and the providers of each.
    `create table worker (
      identity text primary key,
      providers jsonb not null,
      seen_at timestamptz not null
    )`,
  ],
};
