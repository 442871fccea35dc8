import { createPatternBudget, type WorkBudget } from '../bounds/index.ts';
import { WindlassError, type Conf, type ErrorDetail } from '../domain/index.ts';
import { checkFormValue, toChoices } from './check-form-value.ts';
import { dottedKey, findFormItem, listFormValues, type Form, type FormItem } from './form.ts';
import { isEmptyValue, isObject, isSameJson, listSome } from './values.ts';

/**
 * Checks the user's conf strictly and completes it: every value of the form is present, with its default
 * if the user gave none. A password that is already sealed or a SecretReference is checked for presence
 * only.
 *
 * @throws invalid-input `CONF_INVALID`; every fault names its dotted key in `details`. No message quotes a
 * password.
 */
export function validateConf(form: Form, conf: Conf): Conf {
  const faults: ErrorDetail[] = [];
  const filled = fillGroup(form.items, conf, '', { faults, budget: createPatternBudget() });
  if (faults.length > 0) throw createConfError(faults);
  return filled;
}

/**
 * Checks the values of a conf, and ignores missing ones: for a client, which knows only the form, and for
 * a change, which is applied over the stored conf. Null removes a value.
 *
 * @throws as validateConf.
 */
export function checkGivenConf(form: Form, conf: Conf): void {
  const faults: ErrorDetail[] = [];
  fillGroup(form.items, conf, '', { faults, budget: createPatternBudget(), givenOnly: true });
  if (faults.length > 0) throw createConfError(faults);
}

/** The error for a conf that cannot be used. */
export function createConfError(faults: readonly ErrorDetail[]): WindlassError {
  const list = faults.map((fault) =>
    fault.field === undefined ? fault.message : `${fault.field}: ${fault.message}`,
  );
  const shown = list.slice(0, 3).join('; ');
  const more = list.length > 3 ? ` (and ${list.length - 3} more)` : '';
  const field = faults[0]?.field;
  return new WindlassError('invalid-input', `the conf is not valid: ${shown}${more}`, {
    code: 'CONF_INVALID',
    hint: '`windlass app describe` shows every key with what it accepts',
    ...(field === undefined ? {} : { field }),
    details: faults,
  });
}

/** The value of an empty field: what a cluster has if nothing was given. */
export function absentValue(item: FormItem): unknown {
  return ['string', 'password', 'service'].includes(item.type) ? '' : null;
}

/** State that the checks of one conf share. */
interface Filling {
  readonly faults: ErrorDetail[];
  readonly budget: WorkBudget;
  /** An absent value is not checked. */
  readonly givenOnly?: true;
}

function fillGroup(
  items: readonly FormItem[],
  given: Readonly<Record<string, unknown>>,
  path: string,
  filling: Filling,
): Record<string, unknown> {
  const filled: Record<string, unknown> = {};
  for (const item of items) {
    const value = Object.hasOwn(given, item.key) ? given[item.key] : undefined;
    const result =
      item.items === null ? fillValue(item, value, filling) : fillSection(item, item.items, value, filling);
    Object.defineProperty(filled, item.key, {
      value: result,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  const known = new Set(items.map((item) => item.key));
  const hint = `${path === '' ? 'the form' : path} has ${known.size === 0 ? 'none' : listSome([...known])}`;
  for (const key of Object.keys(given)) {
    if (known.has(key)) continue;
    filling.faults.push({
      field: path === '' ? key : `${path}.${key}`,
      message: `no such key; ${hint}`,
    });
  }
  return filled;
}

function fillSection(
  item: FormItem,
  items: readonly FormItem[],
  value: unknown,
  filling: Filling,
): Record<string, unknown> {
  if (value === null && filling.givenOnly === true) return {};
  if (value !== undefined && !isObject(value)) {
    filling.faults.push({ field: dottedKey(item), message: 'must be an object' });
    return {};
  }
  return fillGroup(items, value ?? {}, dottedKey(item), filling);
}

function fillValue(item: FormItem, given: unknown, { faults, budget, givenOnly }: Filling): unknown {
  if (givenOnly === true && (given === undefined || given === null)) return null;
  const value = given === undefined || given === null ? item.default : given;
  // A user gives the password itself: a value that looks like a sealed one or a reference is forged.
  if (givenOnly === true && item.type === 'password' && typeof value !== 'string') {
    faults.push({ field: dottedKey(item), message: 'must be a string' });
    return null;
  }
  if (isEmptyValue(value)) {
    if (item.required && !mayStayEmpty(item)) faults.push({ field: dottedKey(item), message: 'is required' });
    const typeFault = value === undefined ? null : checkFormValue(item, value, budget);
    if (typeFault?.kind === 'type') faults.push({ field: dottedKey(item), message: typeFault.message });
    return value ?? absentValue(item);
  }
  // A package may ship a default outside its own limits: a user who leaves it unchanged may use it.
  const fault = isSameJson(value, item.default) ? null : checkFormValue(item, value, budget);
  if (fault !== null) faults.push({ field: dottedKey(item), message: fault.message });
  return item.multichoice && Array.isArray(value)
    ? (toChoices(item, value)?.join(item.separator) ?? value)
    : value;
}

/** The values that the form requires and for which neither the conf nor a default gives a value, in order. */
export function listMissing(form: Form, conf: Conf): FormItem[] {
  return listFormValues(form).filter((item) => needsAnswer(item) && isEmptyValue(valueAt(conf, item.path)));
}

/** Whether a cluster cannot be created before the user gives this value. */
export function needsAnswer(item: FormItem): boolean {
  return item.required && !mayStayEmpty(item) && item.hiddenDefault !== true && isEmptyValue(item.default);
}

/** The reason why a text that a person typed is not a value for an item; null if it is one. */
export function explainAnswer(item: FormItem, text: string): string | null {
  try {
    const value = readText(item, text);
    if (isEmptyValue(value)) return item.required ? 'is required' : null;
    return checkFormValue(item, value)?.message ?? null;
  } catch (error) {
    if (WindlassError.isInstance(error)) return error.details?.[0]?.message ?? error.message;
    throw error;
  }
}

// Packages mark as required what a console must ask for. An empty network means the runtime's default
// subnet, and no provider attaches a load balancer yet. Parameters of services are asked for when a
// service is run, not when a cluster is created.
function mayStayEmpty(item: FormItem): boolean {
  const [section] = item.path;
  return (
    section === 'service_params' ||
    item.type === 'loadbalancer' ||
    ['cluster.vxnet', 'cluster.subnet'].includes(dottedKey(item))
  );
}

/** Dotted keys of the passwords that the conf gives a value, in the order of the form. */
export function passwordKeys(form: Form, conf: Conf): string[] {
  return listPasswords(form, conf).map(({ item }) => dottedKey(item));
}

/**
 * A copy of the conf in which every given password is replaced by the result of `replace`: the client uses
 * it to seal, the worker to decrypt and store. Defaults are not replaced; after validateConf they are
 * values like others.
 */
export async function mapPasswords(
  form: Form,
  conf: Conf,
  replace: (value: unknown, key: string) => unknown,
): Promise<Conf> {
  let mapped = conf;
  for (const { item, value } of listPasswords(form, conf)) {
    // One after another: the effects of `replace`, if it has any, follow the order of the form.
    mapped = withValue(mapped, item.path, await replace(value, dottedKey(item)));
  }
  return mapped;
}

function listPasswords(form: Form, conf: Conf): { readonly item: FormItem; readonly value: unknown }[] {
  return listFormValues(form)
    .filter((item) => item.type === 'password')
    .map((item) => ({ item, value: valueAt(conf, item.path) }))
    .filter(({ value }) => !isEmptyValue(value));
}

/** The value of an item in a conf; undefined if the conf has none. */
export function valueAt(conf: Conf, path: readonly string[]): unknown {
  let value: unknown = conf;
  for (const key of path) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

function withValue(
  conf: Readonly<Record<string, unknown>>,
  path: readonly string[],
  value: unknown,
): Record<string, unknown> {
  const [key, ...rest] = path;
  if (key === undefined) return { ...conf };
  const inner: unknown = Object.hasOwn(conf, key) ? conf[key] : undefined;
  return { ...conf, [key]: rest.length === 0 ? value : withValue(isObject(inner) ? inner : {}, rest, value) };
}

/**
 * A copy of the conf with one value set from text, as `--set key=value` gives it: numbers and booleans are
 * read as the form says. Limits are checked by validateConf.
 *
 * @throws invalid-input `CONF_INVALID` for an unknown key or text that is not of the type.
 */
export function setConfValue(form: Form, conf: Conf, key: string, text: string): Conf {
  const item = findFormItem(form, key);
  if (item === null) throw createConfError([{ field: key, message: 'no such key' }]);
  if (item.items !== null)
    throw createConfError([{ field: key, message: 'is a group; name one of its values' }]);
  return withValue(conf, item.path, readText(item, text));
}

/** A copy of the conf with all the settings applied. @throws as setConfValue. */
export function applySettings(form: Form, conf: Conf, settings: Readonly<Record<string, string>>): Conf {
  return Object.entries(settings).reduce((whole, [key, text]) => setConfValue(form, whole, key, text), conf);
}

function readText(item: FormItem, text: string): unknown {
  if (item.multichoice) return text;
  switch (item.type) {
    case 'integer':
    case 'number': {
      const value = text.trim() === '' ? Number.NaN : Number(text);
      if (Number.isFinite(value)) return value;
      throw createConfError([
        { field: dottedKey(item), message: `must be a number, not ${JSON.stringify(text)}` },
      ]);
    }
    case 'boolean':
      if (text === 'true' || text === 'false') return text === 'true';
      throw createConfError([
        { field: dottedKey(item), message: `must be true or false, not ${JSON.stringify(text)}` },
      ]);
    default:
      return text;
  }
}

/** The name that the user's conf gives the cluster; null if it gives none. */
export function readGivenName(conf: Conf): string | null {
  const group = conf['cluster'];
  const name = isObject(group) ? group['name'] : undefined;
  return typeof name === 'string' && name !== '' ? name : null;
}
