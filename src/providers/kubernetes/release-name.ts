import { WindlassError } from '../../domain/index.ts';

/** Helm's limit: names of objects that charts derive from it must stay shorter than 63 characters. */
const MAX_NAME = 53;

/**
 * The name of a cluster's release is the cluster's name: as the user gave it, otherwise the chart's name
 * with a part that makes it unique.
 *
 * @throws invalid-input `RELEASE_NAME` for a name that helm would not accept.
 */
export function chooseReleaseName(given: string, chartName: string, clusterId: string): string {
  if (given !== '') {
    checkReleaseName(given);
    return given;
  }
  const suffix = clusterId
    .replace(/^cl-/, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-');
  const head = chartName
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, MAX_NAME - suffix.length - 1)
    .replace(/-$/, '');
  return `${head === '' ? 'chart' : head}-${suffix}`.slice(0, MAX_NAME).replace(/-$/, '');
}

export function checkReleaseName(name: string): void {
  if (name.length <= MAX_NAME && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name)) return;
  throw new WindlassError('invalid-input', `a release cannot be named ${JSON.stringify(name)}`, {
    code: 'RELEASE_NAME',
    field: 'name',
    hint: `lower case letters, digits and -, at most ${MAX_NAME}, beginning and ending with a letter or digit`,
  });
}
