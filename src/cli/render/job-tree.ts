import { isOpenJobStatus, type ErrorInfo, type JobStatus, type TaskStatus } from '../../domain/index.ts';
import type { JobCommandView, JobView, LayerView, StepView, TaskView } from '../../protocol/index.ts';
import { renderDuration } from './duration.ts';
import { renderLine, type Piece, type Tone } from './style.ts';

export interface TreeOptions {
  readonly width: number;
  readonly colour: boolean;
  /** Used to measure what has not ended. */
  readonly now: string;
  /** At most this many tasks of a layer, the unfinished first; all if absent. */
  readonly tasksPerLayer?: number;
  /** Also the tasks of layers that have not begun or that ended successfully. */
  readonly expandAll?: boolean;
  /** Why the job cannot be read at the moment, if so. */
  readonly lost?: ErrorInfo | null;
}

const SYMBOLS: Readonly<Record<TaskStatus, readonly [string, Tone]>> = {
  queued: ['·', 'quiet'],
  working: ['●', 'busy'],
  successful: ['✔', 'good'],
  failed: ['✖', 'bad'],
  cancelled: ['■', 'bad'],
  skipped: ['-', 'quiet'],
};
const NAME_COLUMNS = 30;
/** Layers of lanes stand below their step. */
const LANE_INDENT = 2;

/** A job as a tree of layers and tasks: what runs, what failed, the last observation of each wait, times. */
export function renderJobTree(view: JobView, options: TreeOptions): string {
  const lines: (readonly Piece[])[] = [headLine(view, options.now)];
  for (const layer of view.layers) {
    const step = view.steps.find(({ lanes, layers }) => lanes !== null && layers.includes(layer.index));
    if (step?.layers[0] === layer.index) lines.push(lanesLine(step));
    lines.push(layerLine(layer, options.now, step === undefined ? 0 : LANE_INDENT));
    lines.push(...taskLines(layer, options));
  }
  const { error, held } = view;
  if (options.expandAll === true) lines.push(...view.commands.map(commandLine));
  if (held !== null) lines.push([{ text: `held by ${held.by}: ${held.why}`, tone: 'bad' }]);
  // An open job has an error while it cannot continue.
  const trouble = options.lost ?? (isOpenJobStatus(view.status) ? error : null);
  if (trouble !== null) lines.push(troubleLine(trouble));
  else if (error !== null) lines.push([{ text: `${error.code}: ${error.message}`, tone: 'bad' }]);
  return toText(lines, options);
}

/** The same for a job that has not been polled yet. */
export function renderUnseenJob(
  { jobId, clusterId }: { readonly jobId: string; readonly clusterId: string },
  options: TreeOptions,
): string {
  const head = headPieces('job', { jobId, clusterId, status: 'queued' });
  return toText([head, ...(options.lost == null ? [] : [troubleLine(options.lost)])], options);
}

function toText(lines: readonly (readonly Piece[])[], { width, colour }: TreeOptions): string {
  return lines.map((pieces) => `${renderLine(pieces, width, colour)}\n`).join('');
}

function troubleLine({ message }: ErrorInfo): Piece[] {
  return [{ text: `${message}; still trying`, tone: 'bad' }];
}

function commandLine({ at, by, command, taskId, why }: JobCommandView): Piece[] {
  const what = taskId === null ? command : `${command} ${taskId}`;
  return [{ text: `${at}  ${by}: ${what}${why === '' ? '' : `: ${why}`}`, tone: 'quiet' }];
}

function headLine(view: JobView, now: string): Piece[] {
  const time = renderDuration(view.startedAt, view.closedAt ?? now);
  return [...headPieces(view.action, view), { text: `  ${time}`, tone: 'quiet' }];
}

function headPieces(
  action: string,
  { jobId, clusterId, status }: Pick<JobView, 'jobId' | 'clusterId' | 'status'>,
): Piece[] {
  return [
    { text: `${action} ${clusterId}`, tone: 'strong' },
    { text: `  ${jobId}  `, tone: 'quiet' },
    { text: status, tone: toneOfJob(status) },
  ];
}

function toneOfJob(status: JobStatus): Tone {
  if (status === 'successful') return 'good';
  return status === 'failed' || status === 'cancelled' || status === 'held' ? 'bad' : 'busy';
}

/** Above the layers of a step of lanes, of which several may be under way. */
function lanesLine({ title, lanes }: StepView): Piece[] {
  const { count, atOnce } = lanes ?? { count: 1, atOnce: 1 };
  const pace = atOnce < count ? `, ${atOnce} at a time` : '';
  return [
    { text: title, tone: 'plain' },
    { text: `  ${count} ${count === 1 ? 'lane' : 'lanes'}${pace}`, tone: 'quiet' },
  ];
}

function layerLine(layer: LayerView, now: string, indent: number): Piece[] {
  const status = statusOfLayer(layer);
  const [symbol, tone] = SYMBOLS[status];
  const { startedAt, endedAt } = timesOf(layer);
  const pieces: Piece[] = [
    { text: `${' '.repeat(indent)}${symbol} `, tone },
    { text: layer.name.padEnd(NAME_COLUMNS - indent), tone: status === 'queued' ? 'quiet' : 'plain' },
    { text: `  ${layer.done}/${layer.total}`.padEnd(11), tone: 'plain' },
  ];
  if (layer.failed > 0) pieces.push({ text: `${layer.failed} failed  `, tone: 'bad' });
  if (layer.skipped > 0) pieces.push({ text: `${layer.skipped} skipped  `, tone: 'quiet' });
  if (startedAt !== null) pieces.push({ text: renderDuration(startedAt, endedAt ?? now), tone: 'quiet' });
  return pieces;
}

function statusOfLayer({ failed, done, skipped, total, tasks }: LayerView): TaskStatus {
  if (failed > 0) return 'failed';
  if (done + skipped >= total) return done === 0 && skipped > 0 ? 'skipped' : 'successful';
  return done === 0 && tasks.every((task) => task.startedAt === null) ? 'queued' : 'working';
}

/** Of the tasks in the view: a large job lists only some. */
function timesOf({ done, total, tasks }: LayerView): { startedAt: string | null; endedAt: string | null } {
  const startedAt = tasks.flatMap((task) => task.startedAt ?? []).toSorted()[0] ?? null;
  const ends = tasks.flatMap((task) => task.endedAt ?? []).toSorted();
  const over = ends.length === tasks.length && (tasks.length === total || done >= total);
  return { startedAt, endedAt: over ? (ends.at(-1) ?? null) : null };
}

function taskLines(layer: LayerView, options: TreeOptions): Piece[][] {
  const status = statusOfLayer(layer);
  const isQuiet = status === 'queued' || (status === 'successful' && layer.skipped === 0);
  const folded = options.expandAll !== true && isQuiet;
  const shown = folded ? [] : layer.tasks.toSorted(compareUrgency);
  const limit = options.tasksPerLayer ?? shown.length;
  const lines = shown.slice(0, limit).map((task) => taskLine(task, options.now));
  if (shown.length > limit) lines.push([{ text: `    … and ${shown.length - limit} more`, tone: 'quiet' }]);
  return lines;
}

const URGENCY: readonly TaskStatus[] = ['failed', 'cancelled', 'working', 'queued', 'successful', 'skipped'];

function compareUrgency(one: TaskView, other: TaskView): number {
  return URGENCY.indexOf(one.status) - URGENCY.indexOf(other.status);
}

function taskLine(task: TaskView, now: string): Piece[] {
  const [symbol, tone] = SYMBOLS[task.status];
  // One that was opened again has begun before, and waits for its turn.
  const isBegun = task.startedAt !== null && task.status !== 'queued';
  const time = isBegun ? renderDuration(task.startedAt, task.endedAt ?? now) : '';
  return [
    { text: `    ${symbol} `, tone },
    { text: `${task.action} ${task.label}`.padEnd(NAME_COLUMNS - 4) },
    { text: `  ${time.padEnd(9)}`, tone: 'quiet' },
    ...describeTask(task, now),
  ];
}

function describeTask(task: TaskView, now: string): Piece[] {
  const attempts =
    task.attempts > 0 ? `${task.attempts} failed ${task.attempts === 1 ? 'attempt' : 'attempts'}` : '';
  if (task.status === 'failed') return [{ text: task.error?.message ?? 'failed', tone: 'bad' }];
  if (task.status === 'successful')
    return attempts === '' ? [] : [{ text: `after ${attempts}`, tone: 'quiet' }];
  if (task.status === 'skipped' && task.error !== null)
    return [{ text: `skipped: ${task.error.message}`, tone: 'quiet' }];
  if (task.status === 'queued' && task.round > 0) return [{ text: 'is tried again', tone: 'quiet' }];
  if (task.status !== 'working') return [];
  if (task.error !== null) {
    const { nextAttemptAt } = task;
    const waits = nextAttemptAt !== undefined && Date.parse(nextAttemptAt) > Date.parse(now);
    const next = waits ? `, next in ${renderDuration(now, nextAttemptAt)}` : '';
    return [{ text: `${attempts === '' ? 'failed' : attempts}${next}: ${task.error.message}`, tone: 'bad' }];
  }
  return task.observation === null ? [] : [{ text: task.observation, tone: 'quiet' }];
}
