import type { LayerShape } from '../src/domain/index.ts';
import type { WalkOutcome } from '../src/protocol/index.ts';

/** The table of layers that Temporal's web UI shows as the job's current details (Markdown). */
export function layersTable(
  layers: readonly LayerShape[],
  outcomes: readonly WalkOutcome[],
  current: number | null,
): string {
  const rows = layers.map((layer) => {
    const outcome = outcomes[layer.index];
    return `| ${layer.index + 1} | ${layer.name} | ${layer.total} | ${stateOf(layer, outcome, current)} |`;
  });
  return ['| # | layer | tasks | state |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function stateOf(layer: LayerShape, outcome: WalkOutcome | undefined, current: number | null): string {
  if (outcome === undefined) return layer.index === current ? 'working' : '';
  if (outcome.failed.length > 0) return `${outcome.failed.length} failed`;
  if (outcome.cancelled) return 'cancelled';
  return outcome.allowed > 0 ? `done, ${outcome.allowed} allowed to fail` : 'done';
}
