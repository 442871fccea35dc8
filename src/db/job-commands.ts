import type { Kysely, Selectable } from 'kysely';
import {
  type CommandRequest,
  isOpenJobStatus,
  type Job,
  type JobCommandName,
  mayGive,
  takesCommand,
  WindlassError,
} from '../domain/index.ts';
import { jobNotFound, jobNotOpen } from './not-found.ts';
import { jobCommandRows, jobRows } from './rows.ts';
import type { Database, JobTable } from './schema.ts';

/** A command to a job, or to one of its tasks. */
export interface CommandToStore extends CommandRequest {
  readonly jobId: string;
  readonly command: JobCommandName;
  readonly taskId: string | null;
}

/**
 * Carries out a command and writes it into the job's log, in one transaction that has locked the job. A
 * command that is in the log already changes nothing, even if the job has been closed since.
 *
 * @param work the change itself; if it throws, nothing is logged
 * @throws not-found `JOB_NOT_FOUND`; conflict `JOB_NOT_OPEN`, `JOB_NOT_HELD`, `COMMAND_ID_USED`;
 *   permission `COMMAND_BY_ENGINE`.
 */
export async function carryOut(
  db: Kysely<Database>,
  command: CommandToStore,
  work: (transaction: Kysely<Database>, job: Job) => Promise<unknown>,
): Promise<void> {
  const { jobId, commandId } = command;
  await db.transaction().execute(async (transaction) => {
    const row = await lockJob(transaction, jobId);
    const known = await transaction
      .selectFrom('job_command')
      .selectAll()
      .where('job_id', '=', jobId)
      .where('command_id', '=', commandId)
      .executeTakeFirst();
    if (known !== undefined) {
      if (known.command !== command.command || known.task_id !== command.taskId) throw commandIdUsed(command);
      return;
    }
    const job = jobRows.fromRow(row);
    if (!isOpenJobStatus(job.status)) throw jobNotOpen(jobId, job.status);
    if (!mayGive(command.by, command.command)) throw personNeeded(command);
    if (!takesCommand(command.command, job.status)) throw jobNotHeld(job);
    await work(transaction, job);
    await transaction.insertInto('job_command').values(jobCommandRows.toRow(command)).execute();
  });
}

function personNeeded({ jobId, command }: CommandToStore): WindlassError {
  return new WindlassError(
    'permission',
    `${command} of job ${jobId} is for a person to decide, not for windlass`,
    {
      code: 'COMMAND_BY_ENGINE',
      hint: 'give the command in the name of the person who wants it',
    },
  );
}

function jobNotHeld({ jobId, status }: Job): WindlassError {
  return new WindlassError('conflict', `job ${jobId} is ${status}: there is nothing to resume`, {
    code: 'JOB_NOT_HELD',
    hint: `\`windlass job describe ${jobId}\` shows what it does`,
  });
}

function commandIdUsed({ jobId, commandId }: CommandToStore): WindlassError {
  return new WindlassError(
    'conflict',
    `the command id ${commandId} was used before, for another command to job ${jobId}`,
    { code: 'COMMAND_ID_USED', hint: 'use a new command id for a new command' },
  );
}

/** The row of a job, which nothing else changes until the transaction ends. @throws not-found `JOB_NOT_FOUND` */
export async function lockJob(transaction: Kysely<Database>, jobId: string): Promise<Selectable<JobTable>> {
  const row = await transaction
    .selectFrom('job')
    .selectAll()
    .where('job_id', '=', jobId)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) throw jobNotFound(jobId);
  return row;
}
