import { firstTables } from './0001-first-tables.ts';
import { packageDeclarations } from './0002-package-declarations.ts';
import { frontgates } from './0003-frontgates.ts';
import { callBudget } from './0004-call-budget.ts';
import { wantedCluster } from './0005-wanted-cluster.ts';
import { onceActive } from './0006-once-active.ts';
import { registeredAgain } from './0007-registered-again.ts';
import { wholeAndNamed } from './0008-whole-and-named.ts';
import { claimedVersions } from './0011-claimed-versions.ts';
import type { Migration } from './migration.ts';

export type { Migration } from './migration.ts';

/** All steps, in order. */
export const MIGRATIONS: readonly Migration[] = [
  firstTables,
  packageDeclarations,
  frontgates,
  callBudget,
  wantedCluster,
  onceActive,
  registeredAgain,
  wholeAndNamed,
  claimedVersions,
];
