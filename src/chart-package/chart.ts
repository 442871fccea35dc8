import type { PackageFile } from '../domain/index.ts';

/** Every chart has it; what tells charts from packages of the other format. */
export const CHART_FILE = 'Chart.yaml';
export const VALUES_FILE = 'values.yaml';
export const SCHEMA_FILE = 'values.schema.json';

/** What a chart needs of another one. */
export interface ChartDependency {
  readonly name: string;
  /** Under which key its values stand. */
  readonly alias: string;
  readonly version: string;
  readonly repository: string;
  /** Paths of values that switch it on or off, comma separated. */
  readonly condition: string;
}

/** A chart as far as windlass reads it; templates are helm's. */
export interface Chart {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly appVersion: string;
  readonly apiVersion: string;
  /** Range of Kubernetes versions, as the chart has it; empty where it names none. */
  readonly kubeVersion: string;
  readonly type: string;
  readonly dependencies: readonly ChartDependency[];
  /** Defaults, as values.yaml has them. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Text of values.schema.json; null where there is none. */
  readonly schemaText: string | null;
}

/** Whether the files of a package are a chart. */
export function isChart(files: readonly PackageFile[]): boolean {
  return files.some((file) => file.path === CHART_FILE);
}

/** The text of one file; null where there is no such file. */
export function readChartText(files: readonly PackageFile[], path: string): string | null {
  const file = files.find((candidate) => candidate.path === path);
  return file === undefined ? null : new TextDecoder().decode(file.content);
}
