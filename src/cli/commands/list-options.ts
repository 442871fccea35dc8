import type { ListOptions } from '../../client/index.ts';
import type { CommandInput, OptionSpec } from '../command.ts';
import { readCount, readOption } from '../read-input.ts';

/** The options of every list. */
export const LIST_OPTIONS: readonly OptionSpec[] = [
  { name: 'limit', value: 'N', description: 'at most this many, newest first (default: 100)' },
  { name: 'after', value: 'ID', description: 'continue after the item with this id' },
];

export function readListOptions(input: CommandInput): ListOptions {
  const limit = readCount(input, 'limit');
  const after = readOption(input, 'after');
  return { ...(limit === undefined ? {} : { limit }), ...(after === undefined ? {} : { after }) };
}
