import type { Conf } from '../domain/index.ts';
import { absentValue, needsAnswer } from './conf.ts';
import { describeLimits } from './describe-item.ts';
import type { Form, FormItem } from './form.ts';

/**
 * The conf that a form starts with, as JSON with comments: every value with its default, with a comment
 * above it that says what it means and accepts, and whether it is required and still empty. parseJson
 * reads it back with `comments`.
 *
 * Passwords are commented out: if they are left out, the package's own default counts. Parameters of
 * services are given when a service is run, so they are not included.
 */
export function writeConf(form: Form): string {
  const lines = ['{'];
  writeItems(form.items, '  ', lines);
  lines.push('}', '');
  return lines.join('\n');
}

/** The same as a value, without the comments. */
export function buildDefaultConf(form: Form): Conf {
  return buildSection(form.items);
}

function buildSection(items: readonly FormItem[]): Record<string, unknown> {
  const entries = items.filter(isPartOfConf).flatMap((item): [string, unknown][] => {
    if (item.items !== null) return [[item.key, buildSection(item.items)]];
    return item.type === 'password' ? [] : [[item.key, item.default ?? absentValue(item)]];
  });
  return Object.fromEntries(entries);
}

function isPartOfConf(item: FormItem): boolean {
  return item.path.length > 1 || item.key !== 'service_params';
}

function writeItems(items: readonly FormItem[], indent: string, lines: string[]): void {
  for (const item of items.filter(isPartOfConf)) {
    if (item.items !== null) {
      writeComment(item.label || item.description, indent, lines);
      lines.push(`${indent}${JSON.stringify(item.key)}: {`);
      writeItems(item.items, `${indent}  `, lines);
      lines.push(`${indent}},`);
      continue;
    }
    const limits = describeLimits(item);
    const meaning = trimSentence(item.description || item.label);
    const accepts = `${item.type || 'any value'}${limits === '' ? '' : `, ${limits}`}`;
    const fixed = item.changeable ? '' : ' Cannot be changed later.';
    writeComment(
      `${needsAnswer(item) ? 'REQUIRED. ' : ''}${meaning === '' ? '' : `${meaning}: `}${accepts}.${fixed}`,
      indent,
      lines,
    );
    const entry = `${JSON.stringify(item.key)}: ${JSON.stringify(item.default ?? absentValue(item))},`;
    lines.push(item.type === 'password' ? `${indent}// ${JSON.stringify(item.key)}: "",` : indent + entry);
  }
}

function trimSentence(text: string): string {
  const trimmed = text.trimEnd();
  return trimmed.endsWith('.') ? trimmed.slice(0, -1) : trimmed;
}

// A comment ends with its line, whatever a package writes into its descriptions.
function writeComment(text: string, indent: string, lines: string[]): void {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  if (line !== '') lines.push(`${indent}// ${line}`);
}
