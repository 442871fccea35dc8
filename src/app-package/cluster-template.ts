import type { PackageFile } from '../domain/index.ts';
import type { ProblemReport } from './problems.ts';
import type { Template } from './template.ts';

const MUSTACHE_FILE = 'cluster.json.mustache';
const TMPL_FILE = 'cluster.json.tmpl';

/** The text of a file of the package; null if it does not exist. */
export function readPackageText(files: readonly PackageFile[], path: string): string | null {
  const file = files.find((candidate) => candidate.path === path);
  return file === undefined ? null : new TextDecoder('utf-8', { ignoreBOM: true }).decode(file.content);
}

/** The template of cluster.json; none, or two, is an error in the report. */
export function readClusterTemplate(files: readonly PackageFile[], report: ProblemReport): Template | null {
  const mustache = readPackageText(files, MUSTACHE_FILE);
  const tmpl = readPackageText(files, TMPL_FILE);
  if (mustache !== null && tmpl !== null) {
    report.error(TMPL_FILE, {}, `exists as well as ${MUSTACHE_FILE}; a package has one of them`);
    return null;
  }
  if (mustache !== null) return { file: MUSTACHE_FILE, syntax: 'mustache', text: mustache };
  if (tmpl !== null) return { file: TMPL_FILE, syntax: 'tmpl', text: tmpl };
  report.error(MUSTACHE_FILE, {}, `is missing, and so is ${TMPL_FILE}`);
  return null;
}
