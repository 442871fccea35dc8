import type { PackageFile } from '../domain/index.ts';

/** Every chart has it; it distinguishes charts from packages of the other format. */
export const CHART_FILE = 'Chart.yaml';
export const VALUES_FILE = 'values.yaml';
export const SCHEMA_FILE = 'values.schema.json';

/** What a chart needs of another one. */
export interface ChartDependency {
  readonly name: string;
  /** The key of its values. */
  readonly alias: string;
  readonly version: string;
  readonly repository: string;
  /** Paths of values that enable or disable it, separated by commas. */
  readonly condition: string;
}

/** The parts of a chart that windlass reads; templates are read by helm. */
export interface Chart {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly appVersion: string;
  readonly apiVersion: string;
  /** The range of Kubernetes versions in the chart's own text; empty if it names none. */
  readonly kubeVersion: string;
  readonly type: string;
  readonly dependencies: readonly ChartDependency[];
  /** The defaults of values.yaml. */
  readonly values: Readonly<Record<string, unknown>>;
  /** The text of values.schema.json; null if there is none. */
  readonly schemaText: string | null;
}

/** Whether the files of a package are a chart. */
export function isChart(files: readonly PackageFile[]): boolean {
  return files.some((file) => file.path === CHART_FILE);
}

/** The text of one file; null if there is no such file. */
export function readChartText(files: readonly PackageFile[], path: string): string | null {
  const file = files.find((candidate) => candidate.path === path);
  return file === undefined ? null : new TextDecoder().decode(file.content);
}
