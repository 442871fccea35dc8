import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { isRunning } from './process-identity.ts';

const stackSchema = z.object({
  pid: z.number().int().positive(),
  startTime: z.string(),
  address: z.string().min(1),
  namespace: z.string().min(1),
  clusterId: z.string().min(1),
});

/**
 * The record that `windlass dev` writes of its running Temporal server, for clients of the same
 * WINDLASS_HOME.
 */
export interface OwnStack extends Readonly<z.infer<typeof stackSchema>> {
  /** Temporal's own id of the server's database: another server on the same port has another id. */
  readonly clusterId: string;
}

/** The path of the record. */
export function findStackFile(home: string): string {
  return join(home, 'run', 'stack.json');
}

/** The log of the stack's worker. */
export function findWorkerLog(home: string): string {
  return join(home, 'run', 'worker.log');
}

/**
 * The stack of a home folder, while its server's process lives; null if there is none, or only its record.
 */
export function readOwnStack(home: string): OwnStack | null {
  let stack: OwnStack;
  try {
    stack = stackSchema.parse(JSON.parse(readFileSync(findStackFile(home), 'utf8')));
  } catch {
    return null;
  }
  return isRunning(stack) ? stack : null;
}
