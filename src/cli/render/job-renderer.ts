import type { JobEvent } from '../../client/index.ts';
import { mayColour, type CliIo, type Output } from '../io.ts';
import { renderEventLine } from './event-line.ts';
import { applyJobEvent, createJobState } from './job-state.ts';
import { renderJobTree } from './job-tree.ts';

/** Shows the events of one job; many renderers, one stream. */
export interface JobRenderer {
  show(event: JobEvent): void;
  /** Leaves what was shown last where it is. */
  end(): void;
}

/** NDJSON: one event a line. */
export function createJsonRenderer(output: Output): JobRenderer {
  return {
    show: (event) => output.write(`${JSON.stringify(event)}\n`),
    end: () => {},
  };
}

/** One line an event. */
export function createLinesRenderer(output: Output): JobRenderer {
  return {
    show(event) {
      const line = renderEventLine(event);
      if (line !== null) output.write(line);
    },
    end: () => {},
  };
}

const FRAME_MS = 250;
const LIVE_TASKS_PER_LAYER = 12;

/** A tree that is drawn anew several times a second, so that times go on. */
export async function createLiveRenderer(
  io: CliIo,
  output: Output,
  job: { jobId: string; clusterId: string },
): Promise<JobRenderer> {
  const { createLogUpdate } = await import('log-update');
  const update = createLogUpdate(output.stream, { showCursor: true });
  let state = createJobState(job.jobId, job.clusterId);
  const draw = (): void => {
    const now = io.now().toISOString();
    const colour = mayColour(output, io.env);
    const width = output.columns;
    update(renderJobTree(state, { width, colour, now, tasksPerLayer: LIVE_TASKS_PER_LAYER }).trimEnd());
  };
  const timer = setInterval(draw, FRAME_MS);
  return {
    show(event) {
      state = applyJobEvent(state, event);
      if (event.event === 'job-ended') draw();
    },
    end() {
      clearInterval(timer);
      draw();
      update.done();
    },
  };
}

/** The renderer for people: live where the output can be taken back, else one line an event. */
export async function createJobRenderer(
  io: CliIo,
  output: Output,
  job: { jobId: string; clusterId: string },
): Promise<JobRenderer> {
  const live = output.isTerminal && io.env['TERM'] !== 'dumb' && (io.env['CI'] ?? '') === '';
  return live ? createLiveRenderer(io, output, job) : createLinesRenderer(output);
}
