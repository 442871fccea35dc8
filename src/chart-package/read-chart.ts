import type { ProblemReport } from '../app-package/index.ts';
import { MAX_CHART_YAML_CHARACTERS, type PackageFile } from '../domain/index.ts';
import { HelmYamlError, readHelmYaml, splitDocuments, toNumbers } from '../helm-yaml/index.ts';
import {
  CHART_FILE,
  readChartText,
  SCHEMA_FILE,
  VALUES_FILE,
  type Chart,
  type ChartDependency,
} from './chart.ts';
import { isObject, setOwn, type Values } from './values.ts';

/**
 * Reads Chart.yaml and values.yaml and finds the schema; faults go to the report and the faulty value is
 * replaced by a harmless one, so that all faults are found at once. Never throws.
 */
export function readChart(files: readonly PackageFile[], report: ProblemReport): Chart {
  const manifest = readYamlObject(files, CHART_FILE, report) ?? {};
  const text = (field: string): string => {
    const value = manifest[field];
    if (value === undefined || value === null) return '';
    if (typeof value === 'string') return value;
    // An unquoted version such as 1.10 is a number in YAML, and has lost its zero.
    report.error(CHART_FILE, { field }, `must be text: put ${JSON.stringify(value)} in quotes`);
    return looseText(value);
  };
  return {
    name: text('name'),
    version: text('version'),
    description: text('description'),
    appVersion: looseText(manifest['appVersion']),
    apiVersion: text('apiVersion'),
    kubeVersion: text('kubeVersion'),
    type: text('type') === '' ? 'application' : text('type'),
    dependencies: readDependencies(files, manifest['dependencies'], report),
    values: readDefaultValues(files, report),
    schemaText: readChartText(files, SCHEMA_FILE),
  };
}

/**
 * As helm reads it; the first document if a file has several. Null if the file is missing or not a YAML
 * object; the report contains the latter.
 */
export function readYamlObject(
  files: readonly PackageFile[],
  path: string,
  report: ProblemReport,
): Values | null {
  const text = readWithinLimit(files, path, report);
  return text === null ? null : readObject(text, path, report);
}

/** Null if the file is missing or too long; the report contains the latter. */
function readWithinLimit(files: readonly PackageFile[], path: string, report: ProblemReport): string | null {
  const text = readChartText(files, path);
  if (text === null || text.length <= MAX_CHART_YAML_CHARACTERS) return text;
  report.error(path, {}, `has ${text.length} characters; the limit is ${MAX_CHART_YAML_CHARACTERS}`);
  return null;
}

/** Several documents of a chart's values are merged, the later over the earlier. */
function readDefaultValues(files: readonly PackageFile[], report: ProblemReport): Values {
  const text = readWithinLimit(files, VALUES_FILE, report);
  if (text === null) return {};
  const documents = splitDocuments(text).map((part) => readObject(part.text, VALUES_FILE, report) ?? {});
  return documents.reduce(putOver);
}

function putOver(base: Values, over: Values): Values {
  const joined: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = Object.hasOwn(base, key) ? base[key] : undefined;
    setOwn(joined, key, isObject(below) && isObject(value) ? putOver(below, value) : value);
  }
  return joined;
}

function readObject(text: string, path: string, report: ProblemReport): Values | null {
  try {
    const value = toNumbers(readHelmYaml(text));
    if (value === null) return {};
    if (isObject(value)) return value;
    report.error(path, {}, 'must be a YAML mapping');
    return null;
  } catch (error) {
    if (!(error instanceof HelmYamlError)) throw error;
    const { line, column, message } = error;
    report.error(path, line === undefined || column === undefined ? {} : { line, column }, message);
    return null;
  }
}

function readDependencies(
  files: readonly PackageFile[],
  given: unknown,
  report: ProblemReport,
): ChartDependency[] {
  // Charts of apiVersion v1 keep them in a file of their own.
  const list = given ?? readYamlObject(files, 'requirements.yaml', report)?.['dependencies'];
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) {
    report.error(CHART_FILE, { field: 'dependencies' }, 'must be a list');
    return [];
  }
  return list.flatMap((entry: unknown, index) => {
    const name = isObject(entry) ? looseText(entry['name']) : '';
    if (!isObject(entry) || name === '') {
      report.error(CHART_FILE, { field: `dependencies.${index}` }, 'must have a name');
      return [];
    }
    const alias = looseText(entry['alias']);
    return {
      name,
      alias: alias === '' ? name : alias,
      version: looseText(entry['version']),
      repository: looseText(entry['repository']),
      condition: looseText(entry['condition']),
    };
  });
}

function looseText(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}
