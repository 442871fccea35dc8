import type { ServerPlace } from '../../client/index.ts';

/** The server that a command acts on, in one line. */
export function describeServer({ address, namespace, from }: ServerPlace): string {
  return `${address}, namespace ${namespace}${from === undefined ? '' : ` (${from})`}`;
}
