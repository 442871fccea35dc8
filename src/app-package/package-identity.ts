import type { PackageFile } from '../domain/index.ts';
import { readPackageText } from './cluster-template.ts';
import { findFormItem } from './form.ts';
import { parseJson } from './parse-json.ts';
import { CONFIG_FILE, readForm } from './parse-form.ts';
import { createProblemReport } from './problems.ts';
import { isObject } from './values.ts';

/** The name and version that a package gives itself. */
export interface PackageIdentity {
  readonly appName: string;
  readonly version: string;
}

const NO_VERSION = '0.0.0';

/**
 * Name and version: from package.json if there is one, otherwise the default of `cluster.name` in the
 * form, otherwise `fallbackName` (the folder's). Never fails; a file that cannot be read counts as absent.
 */
export function readPackageIdentity(files: readonly PackageFile[], fallbackName = 'app'): PackageIdentity {
  const manifest = readManifest(files);
  const appName = manifest['name'] ?? readFormName(files) ?? fallbackName;
  return { appName, version: manifest['version'] ?? NO_VERSION };
}

function readManifest(files: readonly PackageFile[]): Readonly<Record<string, string>> {
  const text = readPackageText(files, 'package.json');
  const parsed = text === null ? null : parseJson(text);
  if (parsed === null || 'fault' in parsed || !isObject(parsed.value)) return {};
  const texts = Object.entries(parsed.value).filter((entry): entry is [string, string] => {
    return typeof entry[1] === 'string' && entry[1] !== '';
  });
  return Object.fromEntries(texts);
}

function readFormName(files: readonly PackageFile[]): string | undefined {
  const text = readPackageText(files, CONFIG_FILE);
  if (text === null) return undefined;
  const name = findFormItem(readForm(text, createProblemReport()), 'cluster.name')?.default;
  return typeof name === 'string' && name !== '' ? name : undefined;
}
