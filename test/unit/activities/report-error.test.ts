import { defaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkAnswer } from '../../../activities/check-answer.ts';
import { toReportedInfo, toWindlassError } from '../../../activities/report-error.ts';
import { toApplicationFailure } from '../../../activities/to-application-failure.ts';
import { isRetried } from '../../../src/task-runner/index.ts';
import {
  ERROR_KINDS,
  MAX_DETAIL_CHARACTERS,
  MAX_DETAILS,
  MAX_FIELD_CHARACTERS,
  MAX_HINT_CHARACTERS,
  MAX_MESSAGE_CHARACTERS,
  WindlassError,
  type ErrorInfo,
} from '../../../src/domain/index.ts';
import { createRedactor } from '../../../src/observability/index.ts';

const PLANTED = 'planted-secret-55c2';
/** Everything of a failure: message, type, details, stack and cause. */
const MOST_BYTES = 64 * 1024;

const hugeText = fc
  .tuple(
    fc.constantFrom('x', '\u0001', '漢', '🎲', '\ud83c', '"', `${PLANTED} `, '\0'),
    fc.constantFrom(0, 1, 299, 3_999, 4_000, 9_000),
  )
  .map(([unit, count]) => unit.repeat(count));
const ofAnyType = fc.oneof(hugeText, fc.anything()) as fc.Arbitrary<never>;

function sizeOfFailure(error: WindlassError): number {
  const failure = defaultFailureConverter.errorToFailure(
    toApplicationFailure(error, 0),
    defaultPayloadConverter,
  );
  return temporal.api.failure.v1.Failure.encode(failure).finish().length;
}

/** Some values have no text, and no error can be made with them. */
function toThrown(info: ErrorInfo): unknown {
  try {
    return WindlassError.fromInfo(info);
  } catch {
    return info;
  }
}

describe('an error that leaves a worker', () => {
  it('is of the closed list, bounded in all its parts, and without secrets, whatever was thrown', () => {
    const redactor = createRedactor([PLANTED]);
    const info = fc.record(
      {
        kind: fc.oneof(fc.constantFrom(...ERROR_KINDS), ofAnyType),
        code: fc.oneof(fc.constant('SOME_CODE'), ofAnyType),
        message: ofAnyType,
        hint: ofAnyType,
        field: ofAnyType,
        retryAfterMs: ofAnyType,
        details: fc.oneof(
          fc.array(fc.record({ field: hugeText, message: hugeText }), { maxLength: 20 }),
          fc.record({ message: hugeText }).map((detail) => Array.from({ length: 500 }, () => detail)),
          ofAnyType,
        ),
      },
      { requiredKeys: ['kind', 'code', 'message'] },
    ) as fc.Arbitrary<ErrorInfo>;
    const thrown = fc.oneof(
      info.map(toThrown),
      hugeText.map((text) => new Error(text, { cause: new Error(text) })),
      fc.anything(),
    );
    fc.assert(
      fc.property(thrown, info, (one, other) => {
        for (const error of [
          toWindlassError(one, redactor),
          WindlassError.fromInfo(toReportedInfo(other, redactor)),
        ]) {
          expect(ERROR_KINDS).toContain(error.kind);
          expect(error.message.length).toBeLessThanOrEqual(MAX_MESSAGE_CHARACTERS);
          expect(error.hint?.length ?? 0).toBeLessThanOrEqual(MAX_HINT_CHARACTERS);
          expect(error.field?.length ?? 0).toBeLessThanOrEqual(MAX_FIELD_CHARACTERS);
          expect(error.details?.length ?? 0).toBeLessThanOrEqual(MAX_DETAILS + 1);
          for (const detail of error.details ?? [])
            expect(detail.message.length).toBeLessThanOrEqual(MAX_DETAIL_CHARACTERS);
          const text = JSON.stringify(error.toInfo());
          expect(text).not.toContain(PLANTED);
          // Neither PostgreSQL nor a payload takes these.
          expect(text).not.toMatch(/\\u0000|\\ud[89a-f]/i);
          expect(() => isRetried(error, 0)).not.toThrow();
          expect(sizeOfFailure(error)).toBeLessThan(MOST_BYTES);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('says what was cut, and leaves no half of a secret or a character there', () => {
    const redactor = createRedactor([PLANTED]);
    const message = toWindlassError(
      new WindlassError(
        'internal',
        `${'x'.repeat(MAX_MESSAGE_CHARACTERS - 34)}${PLANTED}🎲${'y'.repeat(100)}`,
        {
          code: 'SOME_CODE',
        },
      ),
      redactor,
    ).message;
    expect(message).toMatch(/^x+(\[redacted\]|\[?r?e?d?a?c?t?e?d?)… \(cut, \d+ characters\)$/);
    expect(message).not.toContain('planted');
  });

  it.each([
    'password: is required',
    'env.password: is required',
    'child.password: must be at least 3 characters',
    'values: auth.adminPassword: must be one of "a", "b"',
    'secret: the token has expired, give another password',
    'the kubeconfig has token: and password: in one user',
    '--credential: a file with {"username": "…", "password": "…"}',
    'give {"accessKeyId": "…", "secretAccessKey": "…"}, or --set password=VALUE',
    'Basic authentication and Bearer authentication are not taken',
  ])('is not altered where it is a sentence of ours: %s', (sentence) => {
    const error = new WindlassError('invalid-input', sentence, {
      code: 'SOME_CODE',
      hint: sentence,
      field: sentence,
      details: [{ field: 'env.password', message: sentence }],
    });
    expect(toWindlassError(error, createRedactor([PLANTED])).toInfo()).toEqual(error.toInfo());
  });

  it('loses what follows such a name where another has written it', () => {
    const error = toWindlassError(new Error('connect: password: hunter2x'), createRedactor());
    expect(error).toMatchObject({ code: 'UNEXPECTED', message: 'connect: password: [redacted]' });
  });
});

describe('an answer of a worker', () => {
  it('is refused with a clear word where Temporal cannot carry it', () => {
    expect(checkAnswer({ some: 'answer' })).toEqual({ some: 'answer' });
    expect(checkAnswer(undefined)).toBeUndefined();
    expect(() => checkAnswer(['x'.repeat(1_600_000)])).toThrow(/1600004 bytes, and at most 1500000/);
  });
});
