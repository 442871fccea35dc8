import type { z } from 'zod';
import { MAX_DETAILS, WindlassError, type ErrorDetail } from '../../src/domain/index.ts';

/**
 * Checks the input of an activity before it is used. Values are not quoted: they may be secrets.
 *
 * @throws invalid-input `INPUT_INVALID` with every fault by field.
 */
export function checkInput(activity: string, schema: z.ZodType, input: unknown): void {
  const parsed = schema.safeParse(input);
  if (parsed.success) return;
  const faults = parsed.error.issues.flatMap(toFaults).slice(0, MAX_DETAILS);
  const first = faults[0] ?? { message: 'is not valid' };
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  throw new WindlassError(
    'invalid-input',
    `${activity} cannot take this input: ${first.field ?? 'it'} ${first.message}${more}`,
    {
      code: 'INPUT_INVALID',
      hint: 'correct the field; if a client of windlass sent it, client and workers are of different releases',
      details: faults,
      ...(first.field === undefined ? {} : { field: first.field }),
    },
  );
}

const LONGEST_NAME = 100;

function toFaults({ path, message, ...issue }: z.core.$ZodIssue): ErrorDetail[] {
  const at = path.map((part) => shorten(String(part)));
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ field: [...at, shorten(key)].join('.'), message: 'is not known' }));
  const field = at.join('.');
  const plain = issue.code === 'invalid_type' && message.startsWith('Invalid input');
  return [
    {
      ...(field === '' ? {} : { field }),
      message: plain
        ? `must be ${issue.expected === 'undefined' ? 'absent' : `of type ${issue.expected}`}`
        : message,
    },
  ];
}

function shorten(text: string): string {
  return text.length > LONGEST_NAME ? `${text.slice(0, LONGEST_NAME)}…` : text;
}
