import type { JobStatus } from './job.ts';
import type { TaskStatus } from './task.ts';

/** What is true of a command to a job. */
interface JobCommandFacts {
  /** What it is told to: the whole job, or one of its tasks. */
  readonly to: 'job' | 'task';
  /** Who may give it: a person, or the engine itself as well. */
  readonly by: 'person' | 'person or engine';
  /** Statuses of the job in which it is carried out. */
  readonly from: readonly JobStatus[];
  /** Statuses of the task, for a command to one. */
  readonly taskFrom?: readonly TaskStatus[];
  /** What it does, in a sentence without its subject. */
  readonly does: string;
}

/**
 * What a job that is open can be told, with every fact of it. A command is written into the job's log,
 * with who gave it and why, in the transaction that carries it out.
 */
export const JOB_COMMANDS = {
  hold: {
    to: 'job',
    by: 'person or engine',
    from: ['queued', 'working', 'held'],
    does: 'begins nothing more until it is resumed',
  },
  resume: {
    to: 'job',
    by: 'person',
    from: ['held'],
    does: 'goes on where it was held',
  },
  retry: {
    to: 'task',
    by: 'person',
    from: ['queued', 'working', 'held'],
    taskFrom: ['failed'],
    does: 'runs a failed task again, in its next round',
  },
  skip: {
    to: 'task',
    by: 'person',
    from: ['queued', 'working', 'held'],
    taskFrom: ['failed'],
    does: 'goes on without a failed task; its error stays',
  },
} as const satisfies Readonly<Record<string, JobCommandFacts>>;

export type JobCommandName = keyof typeof JOB_COMMANDS;

/** The engine's name in the log of commands. */
export const ENGINE = 'windlass';

/** Whether a command may be given in that name: some decisions are for a person alone. */
export function mayGive(by: string, command: JobCommandName): boolean {
  return by !== ENGINE || JOB_COMMANDS[command].by === 'person or engine';
}

/** Whether a command is carried out for a job in that status. */
export function takesCommand(command: JobCommandName, status: JobStatus): boolean {
  const from: readonly JobStatus[] = JOB_COMMANDS[command].from;
  return from.includes(status);
}

/** Whether a command is carried out for a task in that status. */
export function takesTaskCommand(command: 'retry' | 'skip', status: TaskStatus): boolean {
  const from: readonly TaskStatus[] = JOB_COMMANDS[command].taskFrom;
  return from.includes(status);
}

/** The fields of every command. */
export interface CommandRequest {
  /** Chosen by the sender. The same id again, for the same job, is the same command, and changes nothing. */
  readonly commandId: string;
  /** Who gave it; `ENGINE` for the engine itself. */
  readonly by: string;
  readonly why: string;
  readonly at: string;
}

/** A command that was carried out, as the job's log keeps it. */
export interface JobCommand extends CommandRequest {
  readonly jobId: string;
  readonly command: JobCommandName;
  /** Null for a command to the whole job. */
  readonly taskId: string | null;
}
