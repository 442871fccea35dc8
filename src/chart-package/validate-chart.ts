import {
  createProblemReport,
  warnOfLikePaths,
  type PackageValidation,
  type ProblemReport,
} from '../app-package/index.ts';
import type { PackageFile } from '../domain/index.ts';
import { CHART_FILE, readChartText, SCHEMA_FILE, type Chart } from './chart.ts';
import { findValueFaults } from './check-values.ts';
import { readChart } from './read-chart.ts';
import { compileValuesSchema } from './values-schema.ts';

// Helm's rules: letters and digits with dashes, also dots and underscores in old charts.
const NAME = /^[a-zA-Z0-9._-]{1,250}$/;
const VERSION = /^v?\d+(\.\d+){0,2}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;

/**
 * Checks a chart without a user's values and without helm: faults that make it unusable are errors,
 * doubtful ones are warnings. Templates are checked when they are rendered. Never throws.
 */
export function validateChart(files: readonly PackageFile[]): PackageValidation {
  const report = createProblemReport();
  const before = report.errors.length;
  const chart = readChart(files, report);
  if (report.errors.length === before) checkManifest(chart, report);
  checkDependencies(files, chart, report);
  checkTemplates(files, report);
  checkSchema(files, chart, report);
  warnOfLikePaths(files, report);
  return { errors: report.errors, warnings: report.warnings, notes: report.notes };
}

function checkManifest(chart: Chart, report: ProblemReport): void {
  const { name, version, apiVersion, type } = chart;
  if (name === '') report.error(CHART_FILE, { field: 'name' }, 'is missing');
  else if (!NAME.test(name))
    report.error(CHART_FILE, { field: 'name' }, `${JSON.stringify(name)} is no name of a chart`);
  if (version === '') report.error(CHART_FILE, { field: 'version' }, 'is missing');
  else if (!VERSION.test(version)) {
    report.error(CHART_FILE, { field: 'version' }, `${JSON.stringify(version)} is no semantic version`);
  }
  if (apiVersion === '') report.error(CHART_FILE, { field: 'apiVersion' }, 'is missing');
  else if (apiVersion !== 'v1' && apiVersion !== 'v2') {
    report.error(CHART_FILE, { field: 'apiVersion' }, `must be v1 or v2, not ${JSON.stringify(apiVersion)}`);
  }
  if (type === 'library') {
    report.error(CHART_FILE, { field: 'type' }, 'is library: it is for other charts and cannot be installed');
  } else if (type !== 'application') {
    report.error(CHART_FILE, { field: 'type' }, `must be application, not ${JSON.stringify(type)}`);
  }
}

/** Helm installs no chart that does not contain all of its dependencies. */
function checkDependencies(files: readonly PackageFile[], chart: Chart, report: ProblemReport): void {
  for (const { name, version } of chart.dependencies) {
    const isThere = files.some(
      ({ path }) =>
        path === `charts/${name}/${CHART_FILE}` ||
        (path.startsWith(`charts/${name}-`) && path.endsWith('.tgz')) ||
        isChartNamed(files, path, name),
    );
    if (isThere) continue;
    const message = `${name}${version === '' ? '' : ` ${version}`} is not in charts/: run helm dependency build`;
    report.error(CHART_FILE, { field: 'dependencies' }, message);
  }
}

function isChartNamed(files: readonly PackageFile[], path: string, name: string): boolean {
  if (!/^charts\/[^/]+\/Chart\.yaml$/.test(path)) return false;
  return new RegExp(`^name:\\s*["']?${escapePattern(name)}["']?\\s*$`, 'm').test(
    readChartText(files, path) ?? '',
  );
}

function escapePattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function checkTemplates(files: readonly PackageFile[], report: ProblemReport): void {
  const holdsSomething = files.some(({ path }) => /^(templates|crds|charts)\/.+/.test(path));
  if (!holdsSomething)
    report.warning(CHART_FILE, {}, 'the chart has no templates: nothing would be installed');
}

function checkSchema(files: readonly PackageFile[], chart: Chart, report: ProblemReport): void {
  if (chart.schemaText === null) return;
  const compiled = compileValuesSchema(chart.schemaText);
  if ('fault' in compiled) {
    const isJson = !compiled.fault.startsWith('is no JSON') && !compiled.fault.startsWith('must be');
    // A schema that only this validator cannot use is still checked by helm when it installs.
    if (isJson) report.warning(SCHEMA_FILE, {}, `cannot be checked here: ${compiled.fault}`);
    else report.error(SCHEMA_FILE, {}, compiled.fault);
    return;
  }
  for (const { field, message } of findValueFaults(files, {})) {
    // A chart may require values without a default; the user has to give them.
    report.warning(
      'values.yaml',
      field === undefined ? {} : { field },
      `${message}, as ${SCHEMA_FILE} has it`,
    );
  }
}
