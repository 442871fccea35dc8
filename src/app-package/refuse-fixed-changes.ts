import type { Conf, ErrorDetail } from '../domain/index.ts';
import { absentValue, createConfError, valueAt } from './conf.ts';
import { dottedKey, listFormValues, type Form, type FormItem } from './form.ts';
import { isEmptyValue, isSameJson } from './values.ts';

/** What a job wants to change of a cluster's conf. */
export interface ConfChange {
  readonly action: string;
  /** What the user gives now, and nothing else. */
  readonly given: Conf;
  /** What the user gave when the cluster was made, and since. */
  readonly before: Conf;
}

/**
 * Refuses another value for what a package calls not `changeable`. Nothing was there before of an
 * item that came with the version of an upgrade, so that it may be given then.
 *
 * @throws invalid-input `CONF_INVALID`, naming every such key.
 */
export function refuseFixedChanges(form: Form, change: ConfChange): void {
  const faults = listFormValues(form)
    .filter((item) => !item.changeable && changes(item, change))
    .map((item): ErrorDetail => ({
      field: dottedKey(item),
      message: 'cannot be changed once the cluster exists',
    }));
  if (faults.length > 0) throw createConfError(faults);
}

function changes(item: FormItem, { action, given, before }: ConfChange): boolean {
  const now = valueAt(given, item.path);
  if (now === undefined) return false;
  const then = valueAt(before, item.path);
  if (then === undefined && action !== 'update') return false;
  const known = then ?? item.default ?? absentValue(item);
  // Of a password nobody can tell here whether it is another one.
  if (item.type === 'password') return !isEmptyValue(now) || !isEmptyValue(known);
  return !isSameJson(now ?? item.default ?? absentValue(item), known);
}
