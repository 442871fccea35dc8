import type { Conf, ErrorDetail, JobAction } from '../domain/index.ts';
import { absentValue, createConfError, valueAt } from './conf.ts';
import { dottedKey, listFormValues, type Form, type FormItem } from './form.ts';
import { isEmptyValue, isSameJson } from './values.ts';

/** A change that a job wants to make to a cluster's conf. */
export interface ConfChange {
  readonly action: JobAction;
  /** Only the values that the user gives now. */
  readonly given: Conf;
  /** The values that the user gave when the cluster was created, and since. */
  readonly before: Conf;
}

/**
 * Refuses a new value for an item that a package declares as not `changeable`. An item that is new in the
 * version of an upgrade has no earlier value, so it may be given then.
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
  if (then === undefined && action !== 'update-env') return false;
  const known = then ?? item.default ?? absentValue(item);
  // For a password it cannot be known here whether it is a different one.
  if (item.type === 'password') return !isEmptyValue(now) || !isEmptyValue(known);
  return !isSameJson(now ?? item.default ?? absentValue(item), known);
}
