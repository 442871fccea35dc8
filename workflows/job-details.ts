import type { StepShape } from '../src/domain/index.ts';
import type { WalkOutcome } from '../src/protocol/index.ts';

/**
 * The table of steps that Temporal's web UI shows as the job's current details (Markdown). Steps
 * before `firstStep` were walked by earlier runs of the workflow, which have their own table.
 */
export function stepsTable(
  steps: readonly StepShape[],
  outcomes: ReadonlyMap<number, WalkOutcome>,
  { firstStep, current }: { readonly firstStep: number; readonly current: StepShape | null },
): string {
  const rows = steps.map((step) => {
    const state =
      step.index < firstStep ? 'in an earlier run' : stateOf(outcomes.get(step.index), step === current);
    return `| ${step.index + 1} | ${step.title} | ${describeTasks(step)} | ${state} |`;
  });
  return ['| # | step | tasks | state |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function describeTasks({ layers, lanes }: StepShape): string {
  const total = layers.reduce((sum, layer) => sum + layer.total, 0);
  if (lanes === null) return `${total}`;
  const atOnce = lanes.atOnce < lanes.count ? `, ${lanes.atOnce} at a time` : '';
  return `${total} in ${lanes.count} lanes${atOnce}`;
}

function stateOf(outcome: WalkOutcome | undefined, isCurrent: boolean): string {
  if (outcome === undefined) return isCurrent ? 'working' : '';
  if (outcome.failed.length > 0) return `${outcome.failed.length} failed`;
  if (outcome.cancelled) return 'cancelled';
  return outcome.allowed > 0 ? `done, ${outcome.allowed} allowed to fail` : 'done';
}
