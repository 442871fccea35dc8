import type { ServerAddress } from '../../client/index.ts';

/** The server that a command acts on, in one line. */
export function describeServer({ address, namespace, from }: ServerAddress): string {
  return `${address}, namespace ${namespace}${from === undefined ? '' : ` (${from})`}`;
}
