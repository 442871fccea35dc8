import type { Form } from '../app-package/index.ts';
import type { ChartForm } from '../chart-package/index.ts';
import type { WindlassClient } from '../client/index.ts';
import type { PackageFile } from '../domain/index.ts';

/** The form of a package of either format. */
export type AnyForm = Form | ChartForm;

/** The form of a package on this machine, or of a registered one; null if it has none. */
export async function readForm(client: WindlassClient, app: string): Promise<AnyForm | null> {
  const { isPackagePath } = await import('../app-package/index.ts');
  return isPackagePath(app) ? readLocalForm(app) : toForm((await client.apps.describe(app)).form);
}

/** The form of the package at a path, as readFormOf. */
export async function readLocalForm(path: string): Promise<AnyForm | null> {
  const { readPackage } = await import('../app-package/index.ts');
  return readFormOf(await readPackage(path));
}

/** The form in a package, without secret defaults; null if it has none. */
export async function readFormOf(files: readonly PackageFile[]): Promise<AnyForm | null> {
  const { describeForm, parseForm } = await import('../app-package/index.ts');
  const { describeChart, isChart } = await import('../chart-package/index.ts');
  if (isChart(files)) return describeChart(files);
  const config = files.find((file) => file.path === 'config.json');
  return config === undefined ? null : describeForm(parseForm(new TextDecoder().decode(config.content)));
}

/** A worker's answer, if it is a form. */
export function toForm(value: unknown): AnyForm | null {
  return isAnyForm(value) ? value : null;
}

function isAnyForm(value: unknown): value is AnyForm {
  return typeof value === 'object' && value !== null && ('items' in value || 'values' in value);
}

/** Whether it is the typed form of config.json, not the values of a chart. */
export function isAppForm(form: AnyForm): form is Form {
  return 'items' in form;
}
