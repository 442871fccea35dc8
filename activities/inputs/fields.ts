import { z } from 'zod';
import {
  JOB_ACTION_NAMES,
  MAX_CONF_BYTES,
  MAX_JSON_DEPTH,
  MAX_SEALED_BYTES,
} from '../../src/domain/index.ts';

// The fields of activity inputs. Every text has a maximum length, and none holds a NUL: PostgreSQL cannot
// store one.

/** Characters that no name or id has: they would end up in logs, terminals and statements. */
// eslint-disable-next-line no-control-regex -- these are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
/** Texts of several lines, such as certificates, may hold tabs and line breaks. */
// eslint-disable-next-line no-control-regex -- these are what is looked for
const CONTROL_IN_LINES = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

/** One line of text. */
export function line(maximum: number) {
  return z
    .string('must be text')
    .max(maximum, `must be at most ${maximum} characters long`)
    .refine((value) => !CONTROL.test(value), 'must not hold control characters');
}

/** Text that may have several lines. */
export function lines(maximum: number) {
  return z
    .string('must be text')
    .max(maximum, `must be at most ${maximum} characters long`)
    .refine((value) => !CONTROL_IN_LINES.test(value), 'must not hold control characters');
}

export function wholeNumber(minimum: number, maximum: number) {
  const message = `must be a whole number from ${minimum} to ${maximum}`;
  return z.number(message).int(message).min(minimum, message).max(maximum, message);
}

/** A name or an id that a user typed. */
export const name = line(255);

/** An id that windlass made. */
export const id = z
  .string('must be text')
  .regex(/^[\w-]{1,100}$/, 'must be an id: letters, digits, `_` and `-`, at most 100');

export const base64 = z
  .string('must be text')
  .max(MAX_SEALED_BYTES, `must be at most ${MAX_SEALED_BYTES} characters long`)
  .regex(/^[A-Za-z0-9+/]*={0,2}$/, 'must be base64');

export const sealedSecret = z.strictObject({ keyId: line(200), enc: base64, ciphertext: base64 });

/** A provider's settings of a runtime, by name. */
export const settings = z
  .record(line(100), lines(64 * 1024))
  .refine((value) => Object.keys(value).length <= 100, 'must be at most 100 settings');

/** A conf with sealed values in it: its content is checked against its package later. */
export const conf = z
  .custom<Readonly<Record<string, unknown>>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'must be an object',
  )
  .superRefine((value, context) => {
    const fault = findFault(value, 0);
    if (fault !== null) context.addIssue({ code: 'custom', message: fault });
    else if (Buffer.byteLength(JSON.stringify(value)) > MAX_SEALED_CONF_BYTES)
      context.addIssue({ code: 'custom', message: `must be at most ${MAX_SEALED_CONF_BYTES} bytes of JSON` });
  });

/** Sealing turns a value into base64, and adds a key to it. */
const MAX_SEALED_CONF_BYTES = 2 * MAX_CONF_BYTES;

function findFault(value: unknown, depth: number): string | null {
  if (typeof value === 'string') return value.includes('\0') ? 'must not hold a NUL' : null;
  if (typeof value !== 'object' || value === null) return null;
  if (depth >= MAX_JSON_DEPTH) return `must be nested at most ${MAX_JSON_DEPTH} deep`;
  for (const [key, inner] of Object.entries(value)) {
    const fault = key.includes('\0') ? 'must not hold a NUL' : findFault(inner, depth + 1);
    if (fault !== null) return fault;
  }
  return null;
}

export const action = z.enum(JOB_ACTION_NAMES, `must be one of ${JOB_ACTION_NAMES.join(', ')}`);

const amount = z.number('must be a number').optional();

/** Only the structure: which action takes which option is checked later, with the cluster. */
export const jobOptions = z.strictObject({
  force: z.boolean('must be true or false').optional(),
  versionId: name.optional(),
  conf: conf.optional(),
  role: name.optional(),
  count: amount,
  nodeIds: z.array(name).max(1_000, 'must be at most 1000').optional(),
  sizes: z
    .array(
      z.strictObject({
        role: name,
        cpu: amount,
        memoryMiB: amount,
        cpuLimit: amount,
        memoryLimitMiB: amount,
        instanceClass: amount,
        volumeSizeGiB: amount,
      }),
    )
    .max(100, 'must be at most 100')
    .optional(),
  roles: z.array(name).max(100, 'must be at most 100').optional(),
});

export const createCluster = z.strictObject({
  clusterId: id,
  jobId: id,
  runtime: name,
  versionId: name,
  name: line(255).optional(),
  conf,
});
