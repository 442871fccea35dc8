import { LineCounter, parseDocument } from 'yaml';
import type { ProblemReport } from '../app-package/index.ts';
import type { PackageFile } from '../domain/index.ts';
import {
  CHART_FILE,
  readChartText,
  SCHEMA_FILE,
  VALUES_FILE,
  type Chart,
  type ChartDependency,
} from './chart.ts';
import { isObject } from './values.ts';

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
    values: readYamlObject(files, VALUES_FILE, report) ?? {},
    schemaText: readChartText(files, SCHEMA_FILE),
  };
}

/** Null where the file is missing or no YAML object; the report says the latter. */
export function readYamlObject(
  files: readonly PackageFile[],
  path: string,
  report: ProblemReport,
): Readonly<Record<string, unknown>> | null {
  const text = readChartText(files, path);
  if (text === null) return null;
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, merge: true });
  const [fault] = document.errors;
  if (fault !== undefined) {
    const { line, col } = lineCounter.linePos(fault.pos[0]);
    report.error(path, { line, column: col }, firstLine(fault.message));
    return null;
  }
  const value: unknown = readValue(() => document.toJS({ maxAliasCount: 1000 }), path, report);
  if (value === null || value === undefined) return {};
  if (isObject(value)) return value;
  report.error(path, {}, 'must be a YAML mapping');
  return null;
}

// Aliases that grow without end are refused by the parser with an error of its own.
function readValue(read: () => unknown, path: string, report: ProblemReport): unknown {
  try {
    return read();
  } catch (error) {
    report.error(path, {}, error instanceof Error ? firstLine(error.message) : String(error));
    return {};
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

function firstLine(message: string): string {
  return message.split('\n')[0] ?? message;
}
