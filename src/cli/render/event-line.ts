import type { JobEvent } from '../../client/index.ts';
import { renderDuration } from './duration.ts';
import { joinLines } from './table.ts';

/** One event as one line, for output that cannot be overwritten; null for an event that gets no line. */
export function renderEventLine(event: JobEvent): string | null {
  const words = describeEvent(event);
  return words === null ? null : `${event.at.slice(11, 19)}Z  ${joinLines(words)}\n`;
}

function describeEvent(event: JobEvent): string | null {
  switch (event.event) {
    case 'job-started':
      return `job ${event.jobId}: ${event.action} ${event.clusterId}`;
    case 'job-planned':
      return `plan: ${event.layers.length} layers, ${event.layers.reduce((sum, layer) => sum + layer.total, 0)} tasks`;
    case 'layer-started':
      return `layer ${event.layer + 1} ${event.name}: ${event.total} ${event.total === 1 ? 'task' : 'tasks'}`;
    case 'layer-ended': {
      const failed = event.failed > 0 ? `, ${event.failed} failed` : '';
      return `layer ${event.layer + 1} ${event.name}: ${event.done}/${event.total} done${failed}`;
    }
    case 'task-started':
      return null;
    case 'task-observed':
      return `  ${event.action} ${event.label}: ${event.observation}`;
    case 'task-failed':
      return `  ${event.action} ${event.label}: attempt ${Math.max(1, event.attempts)} failed: ${event.error.message}`;
    case 'task-ended': {
      const time = event.startedAt === null ? '' : ` in ${renderDuration(event.startedAt, event.at)}`;
      const why = event.error === null || event.status === 'successful' ? '' : `: ${event.error.message}`;
      return `  ${event.action} ${event.label}: ${event.status}${time}${why}`;
    }
    case 'job-held':
      return `job ${event.jobId}: held by ${event.by}: ${event.why}`;
    case 'job-resumed':
      return `job ${event.jobId}: continues`;
    case 'contact-lost':
      return `${event.error.message}; still trying`;
    case 'contact-restored':
      return 'continues';
    case 'job-ended': {
      const why = event.error === null ? '' : `: ${event.error.message}`;
      return `job ${event.jobId}: ${event.status} in ${renderDuration(event.startedAt, event.at)}${why}`;
    }
  }
}
