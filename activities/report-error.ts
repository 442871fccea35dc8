import {
  cutText,
  ERROR_KINDS,
  MAX_DETAIL_CHARACTERS,
  MAX_DETAILS,
  MAX_ERROR_BYTES,
  MAX_FIELD_CHARACTERS,
  MAX_HINT_CHARACTERS,
  MAX_MESSAGE_CHARACTERS,
  WindlassError,
  type ErrorDetail,
  type ErrorInfo,
} from '../src/domain/index.ts';
import type { Redactor } from '../src/observability/index.ts';

/**
 * Turns every thrown value into an error of the closed list: known secrets are masked, and every text is
 * limited as limits.ts says, in all to MAX_ERROR_BYTES. A message of unknown origin is kept: it describes
 * the defect. Never throws, whatever was thrown: an unreadable value becomes a fixed error.
 */
export function toWindlassError(thrown: unknown, redactor: Redactor): WindlassError {
  try {
    return WindlassError.fromInfo(
      WindlassError.isInstance(thrown)
        ? boundError(thrown.toInfo(), (text) => redactor.redactMessage(text))
        : boundError(
            {
              kind: 'internal',
              code: 'UNEXPECTED',
              message: thrown instanceof Error ? thrown.message : String(thrown),
            },
            (text) => redactor.redactText(text),
          ),
    );
  } catch {
    return new WindlassError('internal', 'an error was thrown that cannot be read', { code: 'UNEXPECTED' });
  }
}

/** An error from outside, such as the input of an activity, in the form of toWindlassError. */
export function toReportedInfo(info: ErrorInfo, redactor: Redactor): ErrorInfo {
  try {
    return toWindlassError(WindlassError.fromInfo(info), redactor).toInfo();
  } catch {
    return toWindlassError(info, redactor).toInfo();
  }
}

/** Third-party providers throw these too, so that none of its fields is certain. */
function boundError(info: ErrorInfo, redact: (text: string) => string): ErrorInfo {
  const { kind, code, message, hint, field, retryAfterMs, details } = info;
  const say = (text: unknown, maxCharacters: number): string => cutText(redact(String(text)), maxCharacters);
  const bounded: ErrorInfo = {
    kind: ERROR_KINDS.includes(kind) ? kind : 'internal',
    code: typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,99}$/.test(code) ? code : 'UNEXPECTED',
    message: say(message, MAX_MESSAGE_CHARACTERS),
    ...(hint === undefined ? {} : { hint: say(hint, MAX_HINT_CHARACTERS) }),
    ...(field === undefined ? {} : { field: say(field, MAX_FIELD_CHARACTERS) }),
    ...(isDelay(retryAfterMs) ? { retryAfterMs: Math.min(retryAfterMs, LONGEST_DELAY_MS) } : {}),
  };
  if (!Array.isArray(details)) return bounded;
  const shown = details.slice(0, MAX_DETAILS).map((detail: ErrorDetail) => ({
    ...(detail.field === undefined ? {} : { field: say(detail.field, MAX_FIELD_CHARACTERS) }),
    message: say(detail.message, MAX_DETAIL_CHARACTERS),
  }));
  return { ...bounded, details: fitDetails(shown, details.length, MAX_ERROR_BYTES - bytesOf(bounded)) };
}

/** As many as fit, and a last one that says how many are left out. */
function fitDetails(shown: readonly ErrorDetail[], total: number, maxBytes: number): readonly ErrorDetail[] {
  const kept: ErrorDetail[] = [];
  let left = maxBytes - BYTES_OF_REST;
  for (const detail of shown) {
    left -= bytesOf(detail) + 1;
    if (left < 0) break;
    kept.push(detail);
  }
  return kept.length === total ? kept : [...kept, { message: `… (cut, ${total - kept.length} more)` }];
}

const BYTES_OF_REST = 200;
const LONGEST_DELAY_MS = 24 * 3_600_000;

function isDelay(value: unknown): value is number {
  return typeof value === 'number' && value >= 0;
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
