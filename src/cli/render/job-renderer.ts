import type { JobEvent } from '../../client/index.ts';
import { isOpenJobStatus, type ErrorInfo } from '../../domain/index.ts';
import type { JobView } from '../../protocol/index.ts';
import { mayColour, type CliIo, type Output } from '../io.ts';
import { renderEventLine } from './event-line.ts';
import { renderJobTree, renderUnseenJob } from './job-tree.ts';

/** Shows one job while it runs. */
export interface JobRenderer {
  /** One thing that happened. */
  show(event: JobEvent): void;
  /** The job's view after the latest poll. */
  look?(view: JobView): void;
  /** Leaves the last output where it is. */
  end(): void;
}

/** NDJSON: one event on each line. */
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

/** A tree of the latest view, drawn several times a second so that running times advance. */
export async function createLiveRenderer(
  io: CliIo,
  output: Output,
  job: { jobId: string; clusterId: string },
): Promise<JobRenderer> {
  const { createLogUpdate } = await import('log-update');
  const update = createLogUpdate(output.stream, { showCursor: true });
  let view: JobView | null = null;
  let lost: ErrorInfo | null = null;
  const draw = (): void => {
    const now = io.now().toISOString();
    const colour = mayColour(output, io.env);
    const width = output.columns;
    const options = { width, colour, now, lost, tasksPerLayer: LIVE_TASKS_PER_LAYER };
    update((view === null ? renderUnseenJob(job, options) : renderJobTree(view, options)).trimEnd());
  };
  const timer = setInterval(draw, FRAME_MS);
  return {
    show(event) {
      // All other events are visible in the view.
      if (event.event === 'contact-lost') lost = event.error;
      if (event.event === 'contact-restored') lost = null;
    },
    look(latest) {
      view = latest;
      lost = null;
      if (latest.held !== null || !isOpenJobStatus(latest.status)) draw();
    },
    end() {
      clearInterval(timer);
      draw();
      update.done();
    },
  };
}

/** The renderer for users: live if output can be overwritten, otherwise one line for each event. */
export async function createJobRenderer(
  io: CliIo,
  output: Output,
  job: { jobId: string; clusterId: string },
): Promise<JobRenderer> {
  const live = output.isTerminal && io.env['TERM'] !== 'dumb' && (io.env['CI'] ?? '') === '';
  return live ? createLiveRenderer(io, output, job) : createLinesRenderer(output);
}
