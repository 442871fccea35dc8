import { readConfdFiles } from '../confd/index.ts';
import type { PackageFile } from '../domain/index.ts';
import { readClusterTemplate, readPackageText } from './cluster-template.ts';
import type { NameField } from './role-spec.ts';
import { createFieldNamer } from './field-namer.ts';
import { warnOfLikePaths } from './file-rules.ts';
import { dottedKey, findFormItem, listFormValues, type Form, type FormItem } from './form.ts';
import { noteUnused } from './note-unused.ts';
import { createOffsetLocator, locateJsonFields, parseJson, type DuplicateKey } from './parse-json.ts';
import { CONFIG_FILE, readForm } from './parse-form.ts';
import { createProblemReport, findFieldOffset, type PackageProblem, type ProblemReport } from './problems.ts';
import { readClusterSpec } from './read-cluster-spec.ts';
import { findPlaceholders, renderWith, type Template } from './template.ts';
import { isObject } from './values.ts';

const REPLACE_POLICY_FILE = 'replace_policy.json';

/**
 * The errors of a package (it is refused), its warnings (it is used unchanged), and its settings without
 * effect.
 */
export interface PackageValidation {
  readonly errors: readonly PackageProblem[];
  readonly warnings: readonly PackageProblem[];
  /** Valid settings that have no effect yet. */
  readonly notes: readonly PackageProblem[];
}

/** Checks a package without a user's conf: with the defaults of its own form. Never throws. */
export function validatePackage(files: readonly PackageFile[]): PackageValidation {
  const report = createProblemReport();
  checkPackage(files, report);
  return { errors: report.errors, warnings: report.warnings, notes: report.notes };
}

/** Like validatePackage, and also returns what was parsed. */
export function checkPackage(
  files: readonly PackageFile[],
  report: ProblemReport,
): { readonly form: Form; readonly template: Template | null } {
  const form = checkForm(files, report);
  const template = readClusterTemplate(files, report);
  // Against a form that could not be read, every placeholder would be reported as a fault.
  if (template !== null && form !== null) checkTemplate(template, form, report);
  checkManifest(files, report);
  checkLocales(files, report);
  if (files.some((file) => file.path === REPLACE_POLICY_FILE)) {
    report.warning(REPLACE_POLICY_FILE, {}, 'is not used: it is about how a console replaces nodes');
  }
  checkConfdFiles(files, report);
  warnOfLikePaths(files, report);
  return { form: form ?? { items: [] }, template };
}

function checkForm(files: readonly PackageFile[], report: ProblemReport): Form | null {
  const text = readPackageText(files, CONFIG_FILE);
  if (text === null) {
    report.error(CONFIG_FILE, {}, 'is missing');
    return null;
  }
  const before = report.errors.length;
  const form = readForm(text, report);
  return report.errors.length > before && form.items.length === 0 ? null : form;
}

function checkTemplate(template: Template, form: Form, report: ProblemReport): void {
  const { faulty, unreadable } = checkPlaceholders(template, form, report);
  const rendered = renderWith(template, (path) => sampleValue(findFormItem(form, path)));
  const parsed = parseJson(rendered.text);
  const locateInTemplate = createOffsetLocator(template.text);
  const locate = (offset: number) => locateInTemplate(rendered.toTemplateOffset(offset));
  if ('fault' in parsed) {
    // A text that looks like a placeholder but is not one is not JSON either.
    if (unreadable) return;
    report.error(template.file, locate(parsed.fault.offset), parsed.fault.message);
    return;
  }
  for (const { field, offset } of parsed.duplicates) {
    report.warning(template.file, { field, ...locate(offset) }, 'this key occurs twice; the last one counts');
  }
  const fields = locateJsonFields(rendered.text);
  report.locateFields(template.file, (field) => {
    const offset = findFieldOffset(fields, field);
    return offset === null ? null : locate(offset);
  });
  const spec = readClusterSpec(
    parsed.value,
    template.file,
    withoutEchoes(report, faulty, createFieldNamer(template)),
  );
  if (spec !== null) noteUnused(spec, form, template.file, report);
}

/** Leaves out faults that are caused only by a placeholder without a value, which is reported already. */
function withoutEchoes(
  report: ProblemReport,
  faulty: ReadonlySet<string>,
  nameField: NameField,
): ProblemReport {
  const isEcho = (field: string | undefined): boolean => field !== undefined && faulty.has(nameField(field));
  return {
    ...report,
    error: (file, place, message) => isEcho(place.field) || report.error(file, place, message),
    warning: (file, place, message) => isEcho(place.field) || report.warning(file, place, message),
  };
}

/** Reports placeholders: the paths of those without a value, and whether there are malformed ones. */
function checkPlaceholders(
  template: Template,
  form: Form,
  report: ProblemReport,
): { readonly faulty: ReadonlySet<string>; readonly unreadable: boolean } {
  const faulty = new Set<string>();
  const { placeholders, faults } = findPlaceholders(template);
  const locate = createOffsetLocator(template.text);
  const findNear = createNearFinder(form);
  for (const { offset, message } of faults) report.error(template.file, locate(offset), message);
  for (const { path, offset, quoted } of placeholders) {
    const place = { field: path, ...locate(offset) };
    if (quoted && template.syntax === 'mustache') {
      report.warning(template.file, place, 'needs no quotes: its value is written as JSON');
    }
    const fault = checkPlaceholder(form, path, findNear);
    if (fault === null) continue;
    faulty.add(path);
    report.error(template.file, place, fault);
  }
  return { faulty, unreadable: faults.length > 0 };
}

function checkPlaceholder(
  form: Form,
  path: string,
  findNear: (path: string) => string | null,
): string | null {
  const item = findFormItem(form, path);
  if (item === null) {
    const near = findNear(path);
    return `${CONFIG_FILE} has no such key${near === null ? '' : `; is ${near} meant?`}`;
  }
  return item.items === null ? null : 'names a group, not a value';
}

/** Finds a key that differs only in case, or has the same ending. */
function createNearFinder(form: Form): (path: string) => string | null {
  const byLowerCase = new Map<string, string>();
  const byEnding = new Map<string, string>();
  // If there are several, the first is named.
  for (const item of listFormValues(form).reverse()) {
    const key = dottedKey(item);
    byLowerCase.set(key.toLowerCase(), key);
    byEnding.set(key.slice(key.lastIndexOf('.')), key);
  }
  return (path) => {
    const ending = path.slice(path.lastIndexOf('.'));
    return byLowerCase.get(path.toLowerCase()) ?? byEnding.get(ending) ?? null;
  };
}

/** A value of the right type, so that the structure of cluster.json can be checked without a conf. */
function sampleValue(item: FormItem | null): unknown {
  if (item === null) return null;
  // A password is allowed only where a reference is allowed.
  if (item.type === 'password') return { $secret: dottedKey(item) };
  if (item.default !== undefined) return item.default;
  const first = item.range[0];
  if (first !== undefined) return first;
  switch (item.type) {
    case 'integer':
    case 'number':
      return item.min ?? 1;
    case 'boolean':
      return false;
    case 'loadbalancer':
      return [];
    default:
      return '';
  }
}

/** Checks the templates for nodes, every fault with its position, so that none appears only on a node. */
function checkConfdFiles(files: readonly PackageFile[], report: ProblemReport): void {
  const { errors, warnings } = readConfdFiles(files);
  for (const { file, message, ...place } of errors) report.error(file, place, message);
  for (const { file, message, ...place } of warnings) report.warning(file, place, message);
}

function checkManifest(files: readonly PackageFile[], report: ProblemReport): void {
  const text = readPackageText(files, 'package.json');
  const value = text === null ? undefined : checkJson('package.json', text, report);
  if (value === undefined) return;
  if (!isObject(value)) report.error('package.json', {}, 'must be an object');
  else if (typeof value['name'] !== 'string') report.warning('package.json', { field: 'name' }, 'is missing');
}

/** Translations do not affect the form or the plan, so their faults are never errors. */
function checkLocales(files: readonly PackageFile[], report: ProblemReport): void {
  for (const { path } of files) {
    if (!/^locale\/[^/]+\.json$/.test(path)) continue;
    const parsed = parseJson(readPackageText(files, path) ?? '');
    if ('fault' in parsed) {
      const { line, column, message } = parsed.fault;
      report.warning(path, { line, column }, `${message}; nothing of this file is used`);
      continue;
    }
    reportDuplicates(path, parsed.duplicates, report);
    const { value } = parsed;
    if (!isObject(value) || !Object.values(value).every((text) => typeof text === 'string')) {
      report.warning(path, {}, 'must map texts to texts');
    }
  }
}

function checkJson(file: string, text: string, report: ProblemReport): unknown {
  const parsed = parseJson(text);
  if ('fault' in parsed) {
    const { line, column, message } = parsed.fault;
    report.error(file, { line, column }, message);
    return undefined;
  }
  reportDuplicates(file, parsed.duplicates, report);
  return parsed.value;
}

function reportDuplicates(file: string, duplicates: readonly DuplicateKey[], report: ProblemReport): void {
  for (const { field, line, column } of duplicates) {
    report.warning(file, { field, line, column }, 'this key occurs twice; the last one counts');
  }
}
