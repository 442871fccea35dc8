import type { ErrorInfo } from '../../domain/index.ts';

/** What went wrong, all of it, and what to do; for people, on stderr. */
export function renderError(error: ErrorInfo): string {
  const lines = [`windlass: ${withField(error.field, error.message)} [${error.code}]`];
  // A single fault is the message already.
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
