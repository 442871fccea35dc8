import { createProblemReport } from '../app-package/index.ts';
import { WindlassError, type Conf, type ErrorDetail, type PackageFile } from '../domain/index.ts';
import { CHART_FILE, SCHEMA_FILE, type Chart, type ChartDependency } from './chart.ts';
import { readChart } from './read-chart.ts';
import { isObject, mergeValues, type Values } from './values.ts';
import { compileValuesSchema } from './values-schema.ts';

/**
 * Checks a user's values, merged over the chart's own, against the schema of the chart and of its unpacked
 * subcharts.
 *
 * @throws invalid-input `CONF_INVALID`; every fault names its key in `details`, and no value is quoted.
 */
export function checkChartValues(files: readonly PackageFile[], conf: Conf): void {
  const faults = findValueFaults(files, conf);
  if (faults.length > 0) throw createValuesError(faults);
}

/** Every fault of the values; empty if there is none. */
export function findValueFaults(files: readonly PackageFile[], conf: Conf): readonly ErrorDetail[] {
  const chart = readChart(files, createProblemReport());
  return findFaults(files, chart, mergeValues(chart.values, conf), []);
}

function findFaults(
  files: readonly PackageFile[],
  chart: Chart,
  values: Values,
  path: readonly string[],
): ErrorDetail[] {
  const compiled = chart.schemaText === null ? null : compileValuesSchema(chart.schemaText);
  const own = compiled !== null && 'schema' in compiled ? compiled.schema.check(values) : [];
  const below = listSubcharts(files, chart).flatMap((subchart) => {
    const given = values[subchart.key];
    const globals = isObject(values['global']) ? { global: values['global'] } : {};
    if (isSwitchedOff(subchart, values)) return [];
    const merged = mergeValues(mergeValues(subchart.chart.values, isObject(given) ? given : {}), globals);
    return findFaults(subchart.files, subchart.chart, merged, [subchart.key]);
  });
  return [...own, ...below].map((fault) => prefix(fault, path));
}

function prefix(fault: ErrorDetail, path: readonly string[]): ErrorDetail {
  if (path.length === 0) return fault;
  const head = path.join('.');
  return { ...fault, field: fault.field === undefined ? head : `${head}.${fault.field}` };
}

interface Subchart {
  readonly chart: Chart;
  readonly files: readonly PackageFile[];
  /** The key of its values. */
  readonly key: string;
  readonly conditions: readonly string[];
}

/** Subcharts that are folders in charts/; packed ones are left to helm. */
function listSubcharts(files: readonly PackageFile[], chart: Chart): Subchart[] {
  const folders = new Set(
    files
      .flatMap((file) => /^charts\/([^/]+)\//.exec(file.path)?.slice(1, 2) ?? [])
      .filter((name) => name !== ''),
  );
  return [...folders].flatMap((folder) => {
    const head = `charts/${folder}/`;
    const inner = files
      .filter((file) => file.path.startsWith(head))
      .map((file) => ({ ...file, path: file.path.slice(head.length) }));
    if (!inner.some((file) => file.path === CHART_FILE)) return [];
    const subchart = readChart(inner, createProblemReport());
    const declared = chart.dependencies.filter((dependency) => dependency.name === subchart.name);
    const uses: readonly (ChartDependency | null)[] = declared.length === 0 ? [null] : declared;
    return uses.map((use) => ({
      chart: subchart,
      files: inner,
      key: use?.alias ?? subchart.name,
      conditions: use === null || use.condition === '' ? [] : use.condition.split(','),
    }));
  });
}

/** As helm does it: the first condition that refers to a boolean decides. */
function isSwitchedOff(subchart: Subchart, values: Values): boolean {
  for (const condition of subchart.conditions) {
    let value: unknown = values;
    for (const key of condition.trim().split('.')) value = isObject(value) ? value[key] : undefined;
    if (typeof value === 'boolean') return !value;
  }
  return false;
}

/** The error for values that cannot be used. */
export function createValuesError(faults: readonly ErrorDetail[]): WindlassError {
  const list = faults.map(({ field, message }) => (field === undefined ? message : `${field}: ${message}`));
  const more = list.length > 3 ? ` (and ${list.length - 3} more)` : '';
  const field = faults[0]?.field;
  return new WindlassError('invalid-input', `the conf is not valid: ${list.slice(0, 3).join('; ')}${more}`, {
    code: 'CONF_INVALID',
    hint: `\`windlass app describe\` shows the values of the chart; its ${SCHEMA_FILE} says what they accept`,
    ...(field === undefined ? {} : { field }),
    details: faults,
  });
}
