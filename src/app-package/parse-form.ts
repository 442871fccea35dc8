import {
  compilePattern,
  createPatternBudget,
  OverLimitError,
  PatternError,
  type WorkBudget,
} from '../bounds/index.ts';
import { isSecretName, MAX_FORM_ITEMS, MAX_FORM_KEY_CHARACTERS } from '../domain/index.ts';
import { FORM_TYPES, type Form, type FormItem } from './form.ts';
import { ObjectReader } from './object-reader.ts';
import {
  createPackageError,
  createProblemReport,
  findFieldOffset,
  type LocateField,
  type ProblemReport,
} from './problems.ts';
import { createOffsetLocator, locateJsonFields, parseJson } from './parse-json.ts';
import { checkFormValue, toChoiceText } from './check-form-value.ts';
import { isObject } from './values.ts';

/** The file of a package that holds its form. */
export const CONFIG_FILE = 'config.json';

/**
 * Parses the text of config.json, as loosely as real packages need it: doubtful values are kept.
 *
 * @throws invalid-input `APP_INVALID` with every fault that leaves the form undefined.
 */
export function parseForm(configJson: string): Form {
  const report = createProblemReport();
  const form = readForm(configJson, report);
  if (report.errors.length > 0) throw createPackageError(report.errors);
  return form;
}

/** Like parseForm, but faults go to the report; everything that can be read is returned in any case. */
export function readForm(configJson: string, report: ProblemReport): Form {
  const parsed = parseJson(configJson);
  if ('fault' in parsed) {
    const { line, column, message } = parsed.fault;
    report.error(CONFIG_FILE, { line, column }, message);
    return { items: [] };
  }
  for (const { field, line, column } of parsed.duplicates) {
    report.warning(
      CONFIG_FILE,
      { field, line, column },
      'this key occurs twice in its object; the last one counts',
    );
  }
  if (!isObject(parsed.value)) {
    report.error(CONFIG_FILE, {}, 'must be an object with "properties"');
    return { items: [] };
  }
  const root = new ObjectReader(CONFIG_FILE, '', parsed.value, report);
  root.text('type');
  const properties = root.list('properties');
  if (properties === undefined) {
    if (!root.has('properties')) root.error('properties', 'is missing: there is no form');
    return { items: [] };
  }
  const count = countItems(properties);
  if (count > MAX_FORM_ITEMS) {
    root.error('properties', `has ${count} items, groups included; the limit is ${MAX_FORM_ITEMS}`);
    return { items: [] };
  }
  report.locateFields(CONFIG_FILE, createItemLocator(configJson, properties));
  root.readUnknown();
  return { items: readItems(properties, [], { report, budget: createPatternBudget() }) };
}

/** The counted items are read one by one, and every check of a conf reads them all again. */
function countItems(list: readonly unknown[]): number {
  return list.reduce<number>((count, entry) => {
    const inner: unknown = isObject(entry) ? entry['properties'] : undefined;
    return count + 1 + (Array.isArray(inner) ? countItems(inner) : 0);
  }, 0);
}

/** State that the items of one form share while they are read. */
interface FormReading {
  readonly report: ProblemReport;
  readonly budget: WorkBudget;
}

/** Fields are named by the keys of items; in the text they are at `properties.0.properties.3`. */
function createItemLocator(text: string, properties: readonly unknown[]): LocateField {
  const places = new Map<string, string>();
  const collect = (list: readonly unknown[], path: string, place: string): void => {
    list.forEach((entry, index) => {
      const inner = `${place}properties.${index}`;
      places.set(`${path}properties[${index}]`, inner);
      if (!isObject(entry) || typeof entry['key'] !== 'string') return;
      if (entry['key'].length > MAX_FORM_KEY_CHARACTERS) return;
      const itemPath = `${path}${entry['key']}`;
      places.set(itemPath, inner);
      if (Array.isArray(entry['properties'])) collect(entry['properties'], `${itemPath}.`, `${inner}.`);
    });
  };
  collect(properties, '', '');
  const fields = locateJsonFields(text);
  const locate = createOffsetLocator(text);
  return (field) => {
    for (let end = field.length; end > 0; end = field.lastIndexOf('.', end - 1)) {
      const place = places.get(field.slice(0, end));
      if (place === undefined) continue;
      const offset = findFieldOffset(fields, place + field.slice(end));
      return offset === null ? null : locate(offset);
    }
    const offset = findFieldOffset(fields, field);
    return offset === null ? null : locate(offset);
  };
}

function readItems(list: readonly unknown[], path: readonly string[], reading: FormReading): FormItem[] {
  const { report } = reading;
  const items = new Map<string, FormItem>();
  list.forEach((entry, index) => {
    const field = [...path, `properties[${index}]`].join('.');
    const key: unknown = isObject(entry) ? entry['key'] : undefined;
    if (!isObject(entry) || typeof key !== 'string' || key === '') {
      report.error(CONFIG_FILE, { field }, 'must be an object with a "key", a string that is not empty');
      return;
    }
    if (key.length > MAX_FORM_KEY_CHARACTERS) {
      const message = `has a key of ${key.length} characters; the limit is ${MAX_FORM_KEY_CHARACTERS}`;
      report.error(CONFIG_FILE, { field }, message);
      return;
    }
    const itemPath = [...path, key];
    if (items.delete(key)) {
      report.warning(
        CONFIG_FILE,
        { field: itemPath.join('.') },
        'this key occurs twice; the last one counts',
      );
    }
    items.set(
      key,
      readItem(new ObjectReader(CONFIG_FILE, itemPath.join('.'), entry, report), key, itemPath, reading),
    );
  });
  return [...items.values()];
}

function readItem(
  reader: ObjectReader,
  key: string,
  path: readonly string[],
  reading: FormReading,
): FormItem {
  reader.raw('key');
  const properties = reader.list('properties');
  const type = readType(reader, properties !== undefined);
  const group = properties !== undefined || type === 'array';
  const label = reader.text('label');
  const defaultValue = reader.raw('default') ?? undefined;
  const pattern = readPattern(reader, reading.budget);
  const numbers = { min: reader.number('min'), max: reader.number('max'), step: reader.number('step') };
  const limits = readLimits(reader);
  const port = readPort(reader);
  const item: FormItem = {
    key,
    path,
    type,
    label: label ?? '',
    description: readDescription(reader),
    ...(defaultValue === undefined ? {} : { default: defaultValue }),
    range: reader.list('range') ?? [],
    ...(numbers.min === undefined ? {} : { min: numbers.min }),
    ...(numbers.max === undefined ? {} : { max: numbers.max }),
    ...(numbers.step === undefined ? {} : { step: numbers.step }),
    ...(pattern === undefined ? {} : { pattern }),
    required: readRequired(reader, group),
    changeable: readLooseFlag(reader, 'changeable') ?? true,
    multichoice: readLooseFlag(reader, 'multichoice') ?? false,
    separator: reader.text('separator') ?? ',',
    ...(limits === undefined ? {} : { limits }),
    ...(port === undefined ? {} : { port }),
    items: group ? readItems(properties ?? [], path, reading) : null,
    extra: reader.readUnknown(),
  };
  if (!group) {
    if (label === undefined) reader.warning('label', 'is missing');
    if (type === 'string' && isSecretName(key)) {
      reader.warning(
        'type',
        'is string, and the key is named like a secret: its value is sent, stored and shown in clear text; a password is sealed',
      );
    }
    checkDefault(reader, item, reading.budget);
  }
  return item;
}

/** Some packages write a line for each choice; it only affects the display. */
function readDescription(reader: ObjectReader): string {
  const raw = reader.raw('description');
  if (!Array.isArray(raw) || !raw.every((line) => typeof line === 'string')) {
    return reader.text('description') ?? '';
  }
  reader.warning('description', 'is an array of strings; taken as its lines');
  return raw.join('\n');
}

function readType(reader: ObjectReader, hasProperties: boolean): string {
  const type = reader.text('type');
  if (type === undefined) {
    if (!reader.has('type')) reader.warning('type', 'is missing; any value is accepted');
    return hasProperties ? 'array' : '';
  }
  if (!FORM_TYPES.some((known) => known === type)) {
    reader.warning('type', `${JSON.stringify(type)} is no type of the specification; any value is accepted`);
  }
  if (type === 'array' && !hasProperties && !reader.has('properties')) {
    reader.warning('properties', 'is missing; the group is empty');
  }
  return type;
}

const REQUIRED_SPELLINGS: ReadonlyMap<string, boolean> = new Map([
  ['yes', true],
  ['true', true],
  ['1', true],
  ['no', false],
  ['false', false],
]);

function readRequired(reader: ObjectReader, group: boolean): boolean {
  const raw = reader.raw('required');
  if (raw === undefined) {
    if (!group) reader.warning('required', 'is missing; taken as "no"');
    return false;
  }
  const required = REQUIRED_SPELLINGS.get(toChoiceText(raw).trim().toLowerCase());
  if (raw !== 'yes' && raw !== 'no') {
    reader.warning(
      'required',
      `is spelled ${JSON.stringify(raw)}; taken as "${required === true ? 'yes' : 'no'}"`,
    );
  }
  return required ?? false;
}

function readLooseFlag(reader: ObjectReader, key: string): boolean | undefined {
  const raw = reader.raw(key);
  if (typeof raw !== 'string') return reader.flag(key);
  const flag = REQUIRED_SPELLINGS.get(raw.trim().toLowerCase());
  if (flag === undefined) reader.error(key, 'must be true or false, not a string');
  else reader.warning(key, `is the string ${JSON.stringify(raw)}; taken as ${flag}`);
  return flag;
}

function readPattern(reader: ObjectReader, budget: WorkBudget): string | undefined {
  const pattern = reader.text('pattern');
  if (pattern === undefined) return undefined;
  try {
    compilePattern(pattern, budget);
    return pattern;
  } catch (error) {
    if (error instanceof PatternError && error.needsBacktracking) {
      reader.warning('pattern', `${error.message}; values are not checked against it`);
    } else if (error instanceof PatternError || error instanceof OverLimitError) {
      reader.error('pattern', error.message);
    } else throw error;
    return undefined;
  }
}

function readLimits(reader: ObjectReader): Readonly<Record<string, readonly string[]>> | undefined {
  const limits = reader.record('limits');
  if (limits === undefined) return undefined;
  const entries = Object.entries(limits).map(([appId, versions]): [string, readonly string[]] => {
    const texts = Array.isArray(versions) ? versions.filter((version) => typeof version === 'string') : [];
    if (!Array.isArray(versions) || texts.length !== versions.length) {
      reader.error('limits', 'must name a list of versions for each app');
    }
    return [appId, texts];
  });
  return Object.fromEntries(entries);
}

function readPort(reader: ObjectReader): number | readonly number[] | undefined {
  const port = reader.raw('port');
  if (port === undefined || typeof port === 'number') return port;
  if (Array.isArray(port) && port.every((entry) => typeof entry === 'number')) return port;
  reader.error('port', 'must be a number or an array of numbers');
  return undefined;
}

// The default's type decides what the template renders, so a wrong type is an error; a default outside its
// own limits may be intended, and works.
function checkDefault(reader: ObjectReader, item: FormItem, budget: WorkBudget): void {
  if (item.default === undefined) {
    if (!item.required) reader.warning('default', 'is missing, though the value is not required');
    return;
  }
  const fault = checkFormValue(item, item.default, budget);
  if (fault === null) return;
  if (fault.kind === 'type') reader.error('default', fault.message);
  else if (item.default !== '')
    reader.warning('default', `is outside the item's own limits: ${fault.message}`);
}
