import {
  readPackageIdentity,
  validatePackage,
  createProblemReport,
  type PackageIdentity,
  type PackageValidation,
} from '../app-package/index.ts';
import type { PackageFile } from '../domain/index.ts';
import { isChart } from './chart.ts';
import { readChart } from './read-chart.ts';
import { validateChart } from './validate-chart.ts';

/** Checks a package of either format. Never throws. */
export function validateAnyPackage(files: readonly PackageFile[]): PackageValidation {
  return isChart(files) ? validateChart(files) : validatePackage(files);
}

/**
 * Name and version of a package of either format. Never fails; a file that cannot be read counts as
 * absent.
 */
export function identifyPackage(files: readonly PackageFile[], fallbackName?: string): PackageIdentity {
  if (!isChart(files)) return readPackageIdentity(files, fallbackName);
  const { name, version } = readChart(files, createProblemReport());
  return {
    appName: name === '' ? (fallbackName ?? 'chart') : name,
    version: version === '' ? '0.0.0' : version,
  };
}
