import { followDottedPath } from './dotted-path.ts';
import { isObject } from './values.ts';

/** `{{a.b}}` or, in a .tmpl file, `{{.a.b}}`. */
export type TemplateSyntax = 'mustache' | 'tmpl';

export interface Template {
  /** Path of the file in the package; what faults name. */
  readonly file: string;
  readonly syntax: TemplateSyntax;
  readonly text: string;
}

export interface Placeholder {
  /** Dotted, without a leading dot. */
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

export interface TemplateFault {
  readonly offset: number;
  readonly message: string;
}

export interface RenderedTemplate {
  readonly text: string;
  /** Where in the template an offset of the rendered text comes from. */
  toTemplateOffset(offset: number): number;
}

/** Every placeholder in order, and what looks like one but is none. */
export function findPlaceholders(template: Template): {
  readonly placeholders: readonly Placeholder[];
  readonly faults: readonly TemplateFault[];
} {
  const placeholders: Placeholder[] = [];
  const faults: TemplateFault[] = [];
  for (const match of template.text.matchAll(/\{\{([^{}]*)\}\}/g)) {
    const offset = match.index;
    const path = toPlaceholderPath(match[1] ?? '', template.syntax);
    if (typeof path === 'string') placeholders.push({ path, offset, length: match[0].length });
    else faults.push({ offset, message: path.message });
  }
  return { placeholders, faults };
}

function toPlaceholderPath(inside: string, syntax: TemplateSyntax): string | { readonly message: string } {
  const text = inside.trim();
  if (text === '') return { message: 'an empty placeholder' };
  if (/^[#/^!>&=]|\s/.test(text)) {
    return { message: `a placeholder is a dotted path; {{${text.slice(0, 40)}}} is none` };
  }
  if (syntax === 'mustache') return text;
  if (text.startsWith('.') && text.length > 1) return text.slice(1);
  return { message: `in a .tmpl file a path begins with a dot: {{.${text.slice(0, 40)}}}` };
}

/**
 * Writes the values into a template, each as JSON. What has no value is written as `null`;
 * validatePackage is what finds placeholders without a key.
 */
export function renderTemplate(
  template: Template,
  values: Readonly<Record<string, unknown>>,
): RenderedTemplate {
  return renderWith(template, (path) => lookUpValue(values, path));
}

/** Like renderTemplate, with the value of each path asked for. */
export function renderWith(template: Template, getValue: (path: string) => unknown): RenderedTemplate {
  const shifts: {
    readonly renderedEnd: number;
    readonly templateEnd: number;
    readonly renderedStart: number;
  }[] = [];
  let text = '';
  let end = 0;
  for (const { path, offset, length } of findPlaceholders(template).placeholders) {
    text += template.text.slice(end, offset);
    const renderedStart = text.length;
    text += JSON.stringify(getValue(path) ?? null);
    end = offset + length;
    shifts.push({ renderedStart, renderedEnd: text.length, templateEnd: end });
  }
  text += template.text.slice(end);
  return {
    text,
    toTemplateOffset(offset) {
      const shift = shifts.findLast((candidate) => candidate.renderedStart <= offset);
      if (shift === undefined) return offset;
      const beyond = offset - shift.renderedEnd;
      // Inside a value the best that can be said is where its placeholder ends.
      return shift.templateEnd + Math.max(beyond, 0);
    },
  };
}

/** The value that a dotted path names in nested objects whose keys may contain dots. */
export function lookUpValue(values: Readonly<Record<string, unknown>>, path: string): unknown {
  const root: { readonly value: unknown } = { value: values };
  return followDottedPath(root, path, ({ value }, key) =>
    isObject(value) && Object.hasOwn(value, key) ? { value: value[key] } : undefined,
  )?.at(-1)?.value;
}
