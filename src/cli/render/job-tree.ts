import type { TaskStatus } from '../../domain/index.ts';
import { renderDuration } from './duration.ts';
import type { JobState, LayerState, TaskState } from './job-state.ts';
import { renderLine, type Piece, type Tone } from './style.ts';

export interface TreeOptions {
  readonly width: number;
  readonly colour: boolean;
  /** To measure what has not ended. */
  readonly now: string;
  /** At most this many tasks of a layer, the unfinished first; all when absent. */
  readonly tasksPerLayer?: number;
  /** Also the tasks of layers that ended well. */
  readonly expandDone?: boolean;
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

/** A job as a tree of layers and tasks: what runs, what failed, what each wait last saw, times. */
export function renderJobTree(state: JobState, options: TreeOptions): string {
  const lines: (readonly Piece[])[] = [headLine(state, options.now)];
  for (const layer of state.layers) {
    lines.push(layerLine(layer, options.now));
    lines.push(...taskLines(layer, options));
  }
  if (state.lost !== null) lines.push([{ text: `${state.lost.message}; still trying`, tone: 'bad' }]);
  if (state.error !== null)
    lines.push([{ text: `${state.error.code}: ${state.error.message}`, tone: 'bad' }]);
  return lines.map((pieces) => `${renderLine(pieces, options.width, options.colour)}\n`).join('');
}

function headLine(state: JobState, now: string): Piece[] {
  const pieces: Piece[] = [
    { text: `${state.action ?? 'job'} ${state.clusterId}`, tone: 'strong' },
    { text: `  ${state.jobId}  `, tone: 'quiet' },
    { text: state.status, tone: toneOfJob(state.status) },
  ];
  if (state.startedAt !== null) {
    pieces.push({ text: `  ${renderDuration(state.startedAt, state.endedAt ?? now)}`, tone: 'quiet' });
  }
  return pieces;
}

function toneOfJob(status: JobState['status']): Tone {
  if (status === 'successful') return 'good';
  return status === 'failed' || status === 'cancelled' ? 'bad' : 'busy';
}

function layerLine(layer: LayerState, now: string): Piece[] {
  const [symbol, tone] = SYMBOLS[statusOfLayer(layer)];
  const pieces: Piece[] = [
    { text: `${symbol} `, tone },
    { text: layer.name.padEnd(NAME_COLUMNS), tone: layer.startedAt === null ? 'quiet' : 'plain' },
    { text: `  ${layer.done}/${layer.total}`.padEnd(11), tone: 'plain' },
  ];
  if (layer.failed > 0) pieces.push({ text: `${layer.failed} failed  `, tone: 'bad' });
  if (layer.startedAt !== null) {
    pieces.push({ text: renderDuration(layer.startedAt, layer.endedAt ?? now), tone: 'quiet' });
  }
  return pieces;
}

function statusOfLayer(layer: LayerState): TaskStatus {
  if (layer.failed > 0) return 'failed';
  if (layer.done >= layer.total) return 'successful';
  return layer.startedAt === null ? 'queued' : 'working';
}

function taskLines(layer: LayerState, options: TreeOptions): Piece[][] {
  const tasks = [...layer.tasks.values()];
  const done = tasks.length > 0 && layer.done >= layer.total;
  const shown = done && options.expandDone !== true ? [] : tasks.toSorted(compareUrgency);
  const limit = options.tasksPerLayer ?? shown.length;
  const lines = shown.slice(0, limit).map((task) => taskLine(task, options.now));
  if (shown.length > limit) lines.push([{ text: `    … and ${shown.length - limit} more`, tone: 'quiet' }]);
  return lines;
}

const URGENCY: readonly TaskStatus[] = ['failed', 'cancelled', 'working', 'queued', 'successful', 'skipped'];

function compareUrgency(one: TaskState, other: TaskState): number {
  return URGENCY.indexOf(one.status) - URGENCY.indexOf(other.status);
}

function taskLine(task: TaskState, now: string): Piece[] {
  const [symbol, tone] = SYMBOLS[task.status];
  const time = task.startedAt === null ? '' : renderDuration(task.startedAt, task.endedAt ?? now);
  return [
    { text: `    ${symbol} `, tone },
    { text: `${task.action} ${task.label}`.padEnd(NAME_COLUMNS - 4) },
    { text: `  ${time.padEnd(9)}`, tone: 'quiet' },
    ...describeTask(task, now),
  ];
}

function describeTask(task: TaskState, now: string): Piece[] {
  const tries = task.attempts > 0 ? `${task.attempts} failed ${task.attempts === 1 ? 'try' : 'tries'}` : '';
  if (task.status === 'failed') return [{ text: task.error?.message ?? 'failed', tone: 'bad' }];
  if (task.status === 'successful') return tries === '' ? [] : [{ text: `after ${tries}`, tone: 'quiet' }];
  if (task.status !== 'working') return [];
  if (task.error !== null) {
    const waits = task.nextAttemptAt !== null && Date.parse(task.nextAttemptAt) > Date.parse(now);
    const next = waits ? `, next in ${renderDuration(now, task.nextAttemptAt)}` : '';
    return [{ text: `${tries === '' ? 'failed' : tries}${next}: ${task.error.message}`, tone: 'bad' }];
  }
  return task.observation === null ? [] : [{ text: task.observation, tone: 'quiet' }];
}
