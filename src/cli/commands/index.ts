import type { Command, CommandGroup } from '../command.ts';
import { APP_COMMANDS } from './app.ts';
import { CLUSTER_COMMANDS } from './cluster.ts';
import { createCompletionCommand } from './completion.ts';
import { CONTEXT_COMMANDS } from './context.ts';
import { DEV_COMMAND } from './dev.ts';
import { JOB_COMMANDS } from './job.ts';
import { KEYS_COMMANDS } from './keys.ts';
import { RUNTIME_COMMANDS } from './runtime.ts';
import { WORKER_COMMAND } from './worker.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly (Command | CommandGroup)[] = [
  DEV_COMMAND,
  WORKER_COMMAND,
  RUNTIME_COMMANDS,
  APP_COMMANDS,
  CLUSTER_COMMANDS,
  JOB_COMMANDS,
  KEYS_COMMANDS,
  CONTEXT_COMMANDS,
  createCompletionCommand(() => COMMANDS),
];
