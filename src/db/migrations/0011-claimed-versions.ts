import type { Migration } from './migration.ts';

/** Packages that came with a request: theirs until the request is taken, and forgotten where it is not. */
export const claimedVersions: Migration = {
  name: '0011-claimed-versions',
  statements: [
    // By claim, when it was made; null once the version is registered for good.
    `alter table app_version add column claims jsonb`,
    `alter table app_part add column stored_at timestamptz not null default now()`,
    `create index app_version_claimed on app_version (version_id) where claims is not null`,
  ],
};
