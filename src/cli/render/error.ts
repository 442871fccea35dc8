import type { ErrorInfo } from '../../domain/index.ts';

/** The whole error and what to do; for users, on stderr. */
export function renderError(error: ErrorInfo): string {
  const lines = [`windlass: ${withField(error.field, error.message)} [${error.code}]`];
  // A single fault is already in the message.
  const details = error.details ?? [];
  if (details.length > 1) {
    lines.push(...details.map(({ field, message }) => `  - ${withField(field, message)}`));
  }
  if (error.hint !== undefined) lines.push(`  ${error.hint}`);
  return `${lines.join('\n')}\n`;
}

function withField(field: string | undefined, message: string): string {
  return field === undefined || message.includes(field) ? message : `${field}: ${message}`;
}
