import type { Migration } from './migration.ts';

/** When the next request to the cloud of an account and region may be sent, by the database's clock. */
export const callBudget: Migration = {
  name: '0004-call-budget',
  statements: [
    `create table call_budget (
      provider text not null,
      account text not null,
      region text not null,
      next_at timestamptz not null,
      primary key (provider, account, region)
    )`,
  ],
};
