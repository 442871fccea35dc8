import { WindlassError } from '../domain/index.ts';
import { isObject, setOwn, type PathStep, type Values } from './values.ts';

const MAX_INDEX = 1_000;

/**
 * A copy of the values with one set from text, as `--set key=value` gives it: `a.b`, `a[0].b`, a dot in a
 * key written `\.`; true, false, null and whole numbers are converted, everything else is text.
 *
 * @throws invalid-input `CONF_INVALID` for a key that cannot be parsed or leads through a value.
 */
export function setChartValue(values: Values, key: string, text: string): Values {
  return setAt(values, parsePath(key), readScalar(text), key) as Values;
}

/** Parses `a.b[0].c\.d`. @throws invalid-input `CONF_INVALID` */
export function parsePath(key: string): readonly PathStep[] {
  const steps: PathStep[] = [];
  const pattern = /(?:^|\.)((?:\\.|[^.[\]\\])+)|\[(\d+)\]/gy;
  let end = 0;
  for (let match = pattern.exec(key); match !== null; match = pattern.exec(key)) {
    steps.push(match[1] === undefined ? Number(match[2]) : match[1].replaceAll(/\\(.)/g, '$1'));
    end = pattern.lastIndex;
  }
  if (steps.length === 0 || end !== key.length || key.startsWith('.') || typeof steps[0] === 'number') {
    throw wrongKey(key, 'is not a path: write a.b, a[0].b, or a\\.b for a key with a dot');
  }
  return steps;
}

function readScalar(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  if (text === 'null') return null;
  // As helm reads them: a number that begins with 0 is text.
  if (/^-?(0|[1-9]\d{0,14})$/.test(text)) return Number(text);
  return text;
}

function setAt(target: unknown, path: readonly PathStep[], value: unknown, key: string): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (typeof step === 'number') {
    if (target !== undefined && target !== null && !Array.isArray(target)) {
      throw wrongKey(key, `leads through something that is not a list at [${step}]`);
    }
    if (step > MAX_INDEX) throw wrongKey(key, `has an index above ${MAX_INDEX}`);
    const list: unknown[] = [...((target ?? []) as unknown[])];
    while (list.length < step) list.push(null);
    list[step] = setAt(list[step], rest, value, key);
    return list;
  }
  if (target !== undefined && target !== null && !isObject(target)) {
    throw wrongKey(key, `leads through a value that is not a mapping at ${step}`);
  }
  const copy: Record<string, unknown> = { ...target };
  setOwn(copy, step, setAt(Object.hasOwn(copy, step) ? copy[step] : undefined, rest, value, key));
  return copy;
}

function wrongKey(key: string, why: string): WindlassError {
  return new WindlassError('invalid-input', `the conf is not valid: ${key} ${why}`, {
    code: 'CONF_INVALID',
    field: key,
    hint: '`windlass app describe` shows the values of a chart',
    details: [{ field: key, message: why }],
  });
}
