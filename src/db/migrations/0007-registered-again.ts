import type { Migration } from './migration.ts';

/** When a version was registered last, so that one just asked for is not forgotten as unused. */
export const registeredAgain: Migration = {
  name: '0007-registered-again',
  // Null where an older release registered it: then that was when it was created.
  statements: [`alter table app_version add column registered_at timestamptz`],
};
