import type { ServerPlace } from '../../client/index.ts';

/** Where a command acts, in one line. */
export function describeServer({ address, namespace, from }: ServerPlace): string {
  return `${address}, namespace ${namespace}${from === undefined ? '' : ` (${from})`}`;
}
