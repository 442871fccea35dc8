import type { Form, FormItem } from '../../app-package/index.ts';
import { renderTable } from './table.ts';

/**
 * The function that describes an item's limits, passed in so that its code is loaded only when a form is
 * shown.
 */
export type DescribeLimits = (item: FormItem) => string;

/** A form as text: one table for each group, in the order of the form. */
export function renderForm(form: Form, describeLimits: DescribeLimits): string {
  const tables = listGroups(form.items, [], '').map(({ path, title, values }) => {
    const heading = path === '' ? 'Values' : `${path}${title === '' || title === path ? '' : ` · ${title}`}`;
    const rows = values.map((item) => [
      item.key,
      item.type === '' ? 'any' : item.type,
      item.required ? 'yes' : 'no',
      describeDefault(item),
      describeLimits(item),
      describeMeaning(item),
    ]);
    const asked =
      path.split('.')[0] === 'service_params' ? ' · not asked for: no action runs its services yet' : '';
    return `\n${heading}${asked}\n${renderTable(['KEY', 'TYPE', 'REQUIRED', 'DEFAULT', 'ACCEPTS', 'MEANING'], rows)}`;
  });
  return tables.length === 0 ? '\nThe form asks for nothing.\n' : tables.join('');
}

interface Group {
  /** Dotted. */
  readonly path: string;
  readonly title: string;
  readonly values: readonly FormItem[];
}

function listGroups(items: readonly FormItem[], path: readonly string[], title: string): Group[] {
  const values = items.filter((item) => item.items === null);
  const own = values.length === 0 ? [] : [{ path: path.join('.'), title, values }];
  const inner = items.flatMap((item) =>
    item.items === null ? [] : listGroups(item.items, item.path, item.label || item.description),
  );
  return [...own, ...inner];
}

function describeDefault(item: FormItem): string {
  if (item.hiddenDefault === true) return '(hidden)';
  return item.default === undefined ? '' : JSON.stringify(item.default);
}

function describeMeaning(item: FormItem): string {
  const meaning = (item.description || item.label).replaceAll(/\s+/g, ' ').trim();
  return item.changeable ? meaning : `${meaning} (cannot be changed later)`.trim();
}
