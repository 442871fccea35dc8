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
 * Reads Chart.yaml, values.yaml and finds the schema; what is wrong goes to the report and is
 * replaced by what is harmless, so that all faults are found at once. Never throws.
 */
export function readChart(files: readonly PackageFile[], report: ProblemReport): Chart {
  const manifest = readYamlObject(files, CHART_FILE, report) ?? {};
  const text = (field: string): string => {
    const value = manifest[field];
    if (value === undefined || value === null) return '';
    if (typeof value === 'string') return value;
    // A version such as 1.10 that is not quoted is a number in YAML, and has lost its zero.
    report.error(CHART_FILE, { field }, `must be text: put quotes round ${JSON.stringify(value)}`);
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
 * As helm reads it; of a file of several documents the first. Null where the file is missing or no
 * YAML object; the report says the latter.
 */
export function readYamlObject(
  files: readonly PackageFile[],
  path: string,
  report: ProblemReport,
): Values | null {
  const text = readWithinLimit(files, path, report);
  return text === null ? null : readObject(text, path, report);
}

/** Null where the file is missing or too long; the report says the latter. */
function readWithinLimit(files: readonly PackageFile[], path: string, report: ProblemReport): string | null {
  const text = readChartText(files, path);
  if (text === null || text.length <= MAX_CHART_YAML_CHARACTERS) return text;
  report.error(path, {}, `has ${text.length} characters; the limit is ${MAX_CHART_YAML_CHARACTERS}`);
  return null;
}

/** Documents of a chart's values are put over each other, the later over the earlier. */
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
