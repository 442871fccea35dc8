import type { Migration } from './migration.ts';

/** What packages declare beyond the first release's columns; clusters made before have declared none of it. */
export const packageDeclarations: Migration = {
  name: '0002-package-declarations',
  statements: [
    `alter table cluster
      add column backup_policy text,
      add column incremental_backup_supported boolean not null default false,
      add column upgrading_policy text,
      add column multi_zone_policy text,
      add column advanced_services jsonb not null default '[]',
      add column add_links jsonb not null default '[]',
      add column extra jsonb not null default '{}'`,
  ],
};
