import type { Migration } from './migration.ts';

/** Frontgates are clusters of their own; who needs the one of a runtime and VPC is a row each. */
export const frontgates: Migration = {
  name: '0003-frontgates',
  statements: [
    `alter table cluster add column purpose text not null default 'app'`,
    // The last line of defence for "one per runtime and VPC": no code path can store a second.
    `create unique index cluster_frontgate on cluster (runtime_id, vpc_id)
      where purpose = 'frontgate' and status <> 'deleted'`,
    `create table frontgate_member (
      cluster_id text primary key references cluster on delete cascade,
      runtime_id text not null,
      vpc_id text not null,
      use text not null
    )`,
    `create index frontgate_member_place on frontgate_member (runtime_id, vpc_id)`,
  ],
};
