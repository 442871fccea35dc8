import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning } from '../config/index.ts';
import { WindlassError } from '../domain/index.ts';
import { readFailure } from './service-failure.ts';
import { postSentinel } from './sentinel.ts';
import {
  createRecord,
  deleteRecord,
  endProcess,
  type ProcessRecord,
  readRecord,
  writeRecord,
} from './processes.ts';

/** How to start a server or worker of the stack. */
export interface ServiceRequest {
  /** For messages: what it is. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** The file of its output, started again with each start. */
  readonly logFile: string;
  /** Where pid, start time and address are kept for the next stack. */
  readonly recordFile: string;
  readonly address: string;
  /**
   * The text that it writes to its log when it has its port. Without it, another server on the same port
   * would be mistaken for ours while ours has not yet failed.
   */
  readonly readyWord: string;
  /** Throws or returns false until it serves. */
  readonly isReady: () => Promise<boolean>;
  readonly readyLimitMs: number;
  readonly stopGraceMs: number;
}

/** A running service. */
export interface Service {
  readonly pid: number;
  readonly record: ProcessRecord;
  /** Resolves when it has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Ends it by its pid; resolves when it is gone. May be repeated. */
  stop(): Promise<void>;
}

const POLL_MS = 50;

/**
 * Starts a service in a session of its own, so that the terminal's Ctrl-C does not reach it before the
 * stack ends it, and waits until it serves. It ends with this process, also if that is killed.
 * @throws the error that the service itself has reported (`reportFailure`), unavailable `SERVICE_FAILED`
 * with the end of its log, conflict `PORT_TAKEN`; it does not run then
 */
export async function startService(request: ServiceRequest): Promise<Service> {
  mkdirSync(dirname(request.logFile), { recursive: true, mode: 0o700 });
  mkdirSync(dirname(request.recordFile), { recursive: true, mode: 0o700 });
  const log = openSync(request.logFile, 'w', 0o600);
  let child: ChildProcess;
  try {
    child = spawn(request.command, request.args, {
      detached: true,
      stdio: ['ignore', log, log],
      env: request.env,
    });
  } finally {
    closeSync(log);
  }
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const { pid } = child;
  if (pid === undefined) {
    throw new WindlassError(
      'unavailable',
      `${request.name} cannot be started: ${request.command} does not run`,
      {
        code: 'SERVICE_FAILED',
        hint: 'check that the file exists and is executable',
      },
    );
  }
  // The caller's own work keeps its process alive; a service alone does not.
  child.unref();
  const record = createRecord(pid, request.address);
  writeRecord(request.recordFile, record);
  const dismiss = postSentinel(record, request.env);
  void ended.then(dismiss);
  const stop = async (): Promise<void> => {
    await endProcess(record, request.stopGraceMs);
    if (readRecord(request.recordFile)?.pid === pid) deleteRecord(request.recordFile);
  };
  const deadline = Date.now() + request.readyLimitMs;
  while (!(await isReadyNow(request))) {
    const running = isRunning(record);
    if (running && Date.now() < deadline) {
      await sleep(POLL_MS);
      continue;
    }
    await stop();
    const told = readFailure(readLog(request.logFile));
    if (told !== null) throw told;
    if (/address already in use|EADDRINUSE/.test(readLog(request.logFile))) {
      throw new WindlassError(
        'conflict',
        `${request.name} lost its port ${request.address} to another program`,
        {
          code: 'PORT_TAKEN',
          hint: 'end the program that uses it, or choose another port',
        },
      );
    }
    const why = running
      ? `does not serve after ${Math.round(request.readyLimitMs / 1000)} s`
      : 'ended while it started';
    throw new WindlassError('unavailable', `${request.name} ${why}: ${readLogEnd(request.logFile)}`, {
      code: 'SERVICE_FAILED',
      hint: `its whole log is in ${request.logFile}`,
    });
  }
  return { pid, record, ended, stop };
}

const PORT_ATTEMPTS = 4;

/**
 * Repeats a start that chooses a free port itself: between choice and use another program can take it,
 * such as another stack that is started at the same moment.
 */
export async function repeatPortRace<Result>(start: () => Promise<Result>): Promise<Result> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await start();
    } catch (error) {
      const isRace = WindlassError.isInstance(error) && error.code === 'PORT_TAKEN';
      if (!isRace || attempts === PORT_ATTEMPTS) throw error;
    }
  }
}

/** Ends a service that a killed stack has left; the next start then has its files for itself. */
export async function endLeftOver(recordFile: string, graceMs: number): Promise<boolean> {
  const record = readRecord(recordFile);
  const running = record !== null && isRunning(record);
  if (running) await endProcess(record, graceMs);
  deleteRecord(recordFile);
  return running;
}

/** The last lines of a log, for a message: those before the stack trace if a Go program panicked. */
export function readLogEnd(file: string): string {
  const [told = ''] = readLog(file).split(/^goroutine \d+ /m);
  const lines = told.trim().split('\n').slice(-3);
  return lines.join(' | ').slice(-500) || 'it wrote nothing';
}

function readLog(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

async function isReadyNow(request: ServiceRequest): Promise<boolean> {
  try {
    return readLog(request.logFile).includes(request.readyWord) && (await request.isReady());
  } catch {
    return false;
  }
}
