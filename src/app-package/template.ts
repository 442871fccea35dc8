import { MAX_JSON_CHARACTERS, MAX_PLACEHOLDER_CHARACTERS, MAX_PLACEHOLDERS } from '../domain/index.ts';
import { countUpTo } from './parse-json.ts';
import { followDottedPath } from './dotted-path.ts';
import { findMarks } from './template-marks.ts';
import { isObject } from './values.ts';

/** `{{a.b}}` or, in a .tmpl file, `{{.a.b}}`. */
export type TemplateSyntax = 'mustache' | 'tmpl';

export interface Template {
  /** The file's path in the package; faults name it. */
  readonly file: string;
  readonly syntax: TemplateSyntax;
  readonly text: string;
}

export interface Placeholder {
  /** Dotted, without a leading dot. */
  readonly path: string;
  readonly offset: number;
  readonly length: number;
  /** Written between quotes, which are replaced with it: its value is JSON and has its own. */
  readonly quoted: boolean;
}

export interface TemplateFault {
  readonly offset: number;
  readonly message: string;
}

export interface RenderedTemplate {
  readonly text: string;
  /** The offset in the template that an offset of the rendered text comes from. */
  toTemplateOffset(offset: number): number;
}

interface Comment {
  readonly offset: number;
  readonly length: number;
}

interface TemplateParts {
  readonly placeholders: readonly Placeholder[];
  readonly comments: readonly Comment[];
  readonly faults: readonly TemplateFault[];
}

/** Every placeholder in order, and texts that look like one but are not. */
export function findPlaceholders(template: Template): Omit<TemplateParts, 'comments'> {
  const { placeholders, faults } = findParts(template);
  return { placeholders, faults };
}

function findParts({ text, syntax }: Template): TemplateParts {
  const placeholders: Placeholder[] = [];
  const comments: Comment[] = [];
  const faults: TemplateFault[] = [];
  const strings = createStringTracker(text);
  for (const { offset, length, inside } of findMarks(text, syntax)) {
    const opened = strings.openedBefore(offset);
    strings.skipTo(offset + length);
    if (inside === null) {
      comments.push({ offset, length });
      continue;
    }
    if (placeholders.length >= MAX_PLACEHOLDERS) {
      faults.push({ offset, message: `too many placeholders; the limit is ${MAX_PLACEHOLDERS}` });
      break;
    }
    // A template with faults is not used: reporting the first is enough.
    if (faults.length >= MAX_PLACEHOLDERS) break;
    const path = toPlaceholderPath(inside, syntax);
    if (typeof path !== 'string') faults.push({ offset, message: path.message });
    else if (opened === null) placeholders.push({ path, offset, length, quoted: false });
    // Packages of OpenPitrix quote their placeholders: alone between quotes it is the value itself.
    else if (opened === offset - 1 && text[offset + length] === '"')
      placeholders.push({ path, offset: opened, length: length + 2, quoted: true });
    else faults.push({ offset, message: 'a placeholder is a whole value and cannot stand inside of a text' });
  }
  return { placeholders, comments, faults };
}

/** Tracks which string of a JSON text an offset is in; only for ascending offsets. */
function createStringTracker(text: string): {
  openedBefore(offset: number): number | null;
  skipTo(offset: number): void;
} {
  let at = 0;
  let opened: number | null = null;
  return {
    openedBefore(offset) {
      for (; at < offset; at += 1) {
        if (opened !== null && text[at] === '\\') at += 1;
        else if (text[at] === '"') opened = opened === null ? at : null;
      }
      return opened;
    },
    skipTo(offset) {
      at = offset;
    },
  };
}

function toPlaceholderPath(inside: string, syntax: TemplateSyntax): string | { readonly message: string } {
  if (inside.length > MAX_PLACEHOLDER_CHARACTERS) {
    return {
      message: `a placeholder has ${inside.length} characters; the limit is ${MAX_PLACEHOLDER_CHARACTERS}`,
    };
  }
  // The dashes of a Go template only trim the space around it, which has no meaning in JSON.
  const text = syntax === 'tmpl' ? inside.replace(/^-\s|\s-$/g, '').trim() : inside.replace(/^&/, '').trim();
  if (text === '') return { message: 'an empty placeholder' };
  if (/^[#/^>=]|\s/.test(text)) {
    return {
      message: `a placeholder is a dotted path; {{${text.slice(0, 40)}}} is none (there are no sections, conditions, loops or functions)`,
    };
  }
  if (syntax === 'mustache') return text;
  if (text.startsWith('.') && text.length > 1) return text.slice(1);
  return { message: `in a .tmpl file a path begins with a dot: {{.${text.slice(0, 40)}}}` };
}

/**
 * Writes the values into a template, each as JSON; comments are left out. A placeholder without a value is
 * written as `null`; validatePackage reports placeholders without a key.
 */
export function renderTemplate(
  template: Template,
  values: Readonly<Record<string, unknown>>,
): RenderedTemplate {
  return renderWith(template, (path) => lookUpValue(values, path));
}

/**
 * Like renderTemplate, but calls a function for the value of each path. A text beyond the limit of JSON
 * documents is cut there; parsing reports it.
 */
export function renderWith(template: Template, getValue: (path: string) => unknown): RenderedTemplate {
  const shifts: {
    readonly renderedEnd: number;
    readonly templateEnd: number;
    readonly renderedStart: number;
  }[] = [];
  const { placeholders, comments } = findParts(template);
  const parts: readonly (Placeholder | Comment)[] = [...placeholders, ...comments].sort(
    (left, right) => left.offset - right.offset,
  );
  let text = '';
  let end = 0;
  for (const part of parts) {
    if (text.length > MAX_JSON_CHARACTERS) break;
    text += template.text.slice(end, part.offset);
    const renderedStart = text.length;
    if ('path' in part) text += JSON.stringify(getValue(part.path) ?? null);
    end = part.offset + part.length;
    shifts.push({ renderedStart, renderedEnd: text.length, templateEnd: end });
  }
  text += template.text.slice(end);
  let starts: readonly number[] | undefined;
  return {
    text,
    toTemplateOffset(offset) {
      starts ??= shifts.map((shift) => shift.renderedStart);
      const shift = shifts[countUpTo(starts, offset) - 1];
      if (shift === undefined) return offset;
      const beyond = offset - shift.renderedEnd;
      // Inside a value, the end of its placeholder is the most precise position known.
      return shift.templateEnd + Math.max(beyond, 0);
    },
  };
}

/** The value of a dotted path in nested objects whose keys may contain dots. */
export function lookUpValue(values: Readonly<Record<string, unknown>>, path: string): unknown {
  const root: { readonly value: unknown } = { value: values };
  return followDottedPath(root, path, ({ value }, key) =>
    isObject(value) && Object.hasOwn(value, key) ? { value: value[key] } : undefined,
  )?.at(-1)?.value;
}
