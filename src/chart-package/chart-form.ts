import { createProblemReport } from '../app-package/index.ts';
import { isSecretName, type Conf, type PackageFile } from '../domain/index.ts';
import { readChart } from './read-chart.ts';
import { formatPath, listLeaves, mapLeaves, type PathStep, type Values } from './values.ts';

/** What a client needs to know of a chart to prepare values: plain JSON, so that it can be sent. */
export interface ChartForm {
  readonly kind: 'chart';
  readonly description: string;
  readonly appVersion: string;
  readonly kubeVersion: string;
  /** values.yaml, without values whose names are those of secrets. */
  readonly values: Values;
  /** The text of values.schema.json; null if there is none. */
  readonly schemaText: string | null;
}

/** The form of a chart, as `windlass app describe` returns it. */
export async function describeChart(files: readonly PackageFile[]): Promise<ChartForm> {
  const { description, appVersion, kubeVersion, values, schemaText } = readChart(
    files,
    createProblemReport(),
  );
  const shown = mapLeaves(values, (leaf, path) =>
    typeof leaf === 'string' && path.some((step) => typeof step === 'string' && isSecretName(step))
      ? ''
      : leaf,
  );
  return { kind: 'chart', description, appVersion, kubeVersion, values: shown as Values, schemaText };
}

/** Whether the answer of `app describe` is for a chart. */
export function isChartForm(form: unknown): form is ChartForm {
  return typeof form === 'object' && form !== null && 'kind' in form && form.kind === 'chart';
}

/** What is stored instead of a chart's conf: the whole conf is a secret. */
export interface ChartConf {
  readonly $secret: string;
  /** Every path that has a value, and none of the values. */
  readonly keys: readonly string[];
}

/** Of a longer conf only the first paths are listed. */
const MOST_KEYS = 500;

/** The paths of a conf, for display. */
export function listConfKeys(conf: Conf): readonly string[] {
  return listLeaves(conf)
    .slice(0, MOST_KEYS)
    .map(({ path }) => formatPath(path));
}

export function isChartConf(conf: Conf): conf is Conf & ChartConf {
  return typeof conf['$secret'] === 'string' && Array.isArray(conf['keys']);
}

/** The values behind a chart's stored conf; a conf that is not a reference is the values. */
export async function openChartConf(
  conf: Conf,
  open: ((reference: { readonly $secret: string }) => Promise<string>) | undefined,
): Promise<Conf> {
  if (!isChartConf(conf)) return conf;
  if (open === undefined) throw new Error('the conf of a chart is a secret, and it cannot be decrypted here');
  return JSON.parse(await open({ $secret: conf.$secret })) as Conf;
}

/** Shorter texts occur in every output. */
const SHORTEST_HIDDEN = 8;

/** Values that roles show of a chart anyway. */
const SHOWN_NAMES = /^(image|repository|registry|tag)$/i;

/**
 * The values of a conf that are masked where a program prints them: all under the name of a secret, and
 * all others that are long enough to be specific, except those of images.
 */
export function listHiddenValues(conf: Conf): readonly string[] {
  return listLeaves(conf).flatMap(({ leaf, path }) => {
    if (typeof leaf !== 'string' && typeof leaf !== 'number') return [];
    const text = String(leaf);
    const names = path.filter((step: PathStep): step is string => typeof step === 'string');
    if (names.some(isSecretName)) return [text];
    return text.length >= SHORTEST_HIDDEN && !names.some((name) => SHOWN_NAMES.test(name)) ? [text] : [];
  });
}
