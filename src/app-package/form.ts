import { isEmptyValue } from './values.ts';

/** Types of the specification; other types are kept and accept any value. */
export const FORM_TYPES = [
  'integer',
  'boolean',
  'string',
  'number',
  'array',
  'service',
  'loadbalancer',
  'password',
] as const;

/**
 * A group of the form, or one value that a user fills in. Plain JSON: a form may be sent between
 * processes.
 */
export interface FormItem {
  readonly key: string;
  /** Keys from the root to this item; joined by dots they are the path that a template writes. */
  readonly path: readonly string[];
  readonly type: string;
  readonly label: string;
  readonly description: string;
  /** Absent if the package gives none. */
  readonly default?: unknown;
  /** For a password: the package has a default, which is not shown (describeForm). */
  readonly hiddenDefault?: true;
  /** Empty if any value is accepted. */
  readonly range: readonly unknown[];
  readonly min?: number;
  readonly max?: number;
  readonly step?: number;
  /** Compiled without flags; unanchored means search. */
  readonly pattern?: string;
  readonly required: boolean;
  /** Whether it may be changed once the cluster exists. */
  readonly changeable: boolean;
  /** Several values of the range, joined by `separator`. */
  readonly multichoice: boolean;
  readonly separator: string;
  /** type service: the apps and versions that may be linked. */
  readonly limits?: Readonly<Record<string, readonly string[]>>;
  /** type loadbalancer: the ports behind it. */
  readonly port?: number | readonly number[];
  /** Null for a value; the items of a group. */
  readonly items: readonly FormItem[] | null;
  /** Fields beyond the specification, unchanged. */
  readonly extra: Readonly<Record<string, unknown>>;
}

/** The typed form of config.json. */
export interface Form {
  readonly items: readonly FormItem[];
}

/** The dotted key of an item. */
export function dottedKey(item: FormItem): string {
  return item.path.join('.');
}

/** The item that a dotted path names, group or value; null if there is none. */
export function findFormItem(form: Form, path: string): FormItem | null {
  let items = indexes.get(form);
  if (items === undefined) {
    items = indexItems(form);
    indexes.set(form, items);
  }
  return items.get(path) ?? null;
}

// A template looks up every placeholder.
const indexes = new WeakMap<Form, ReadonlyMap<string, FormItem>>();

/** Keys may hold dots: if two items have the same dotted key, the one with the longer first key counts. */
function indexItems(form: Form): ReadonlyMap<string, FormItem> {
  const index = new Map<string, FormItem>();
  const add = (items: readonly FormItem[]): void => {
    for (const item of items) {
      const key = dottedKey(item);
      const known = index.get(key);
      if (known === undefined || comesFirst(item, known)) index.set(key, item);
      if (item.items !== null) add(item.items);
    }
  };
  add(form.items);
  return index;
}

function comesFirst(left: FormItem, right: FormItem): boolean {
  const differing = left.path.findIndex((key, index) => key !== right.path[index]);
  return (left.path[differing]?.length ?? 0) > (right.path[differing]?.length ?? 0);
}

/** Every value of the form in order, groups left out. */
export function listFormValues(form: Form): FormItem[] {
  const values: FormItem[] = [];
  const collect = (items: readonly FormItem[]): void => {
    for (const item of items) {
      if (item.items === null) values.push(item);
      else collect(item.items);
    }
  };
  collect(form.items);
  return values;
}

/**
 * The form as it is shown and as it is sent to a client: a form itself, so that a client can check a conf
 * against it, but without the default values of passwords.
 */
export function describeForm(form: Form): Form {
  return { items: form.items.map(describeItem) };
}

function describeItem(item: FormItem): FormItem {
  if (item.items !== null) return { ...item, items: item.items.map(describeItem) };
  if (item.type !== 'password') return item;
  const { default: hidden, ...shown } = item;
  return isEmptyValue(hidden) ? shown : { ...shown, hiddenDefault: true };
}
