import {
  checkChartValues,
  isChartConf,
  listConfKeys,
  listHiddenValues,
  openChartConf,
} from '../src/chart-package/index.ts';
import {
  checkConfSize,
  isSealedValue,
  WindlassError,
  type Conf,
  type PackageContent,
  type SealedValue,
} from '../src/domain/index.ts';
import type { Redactor } from '../src/observability/index.ts';
import { mergeConf } from '../src/plan/index.ts';

/** Where the confs of charts are stored: `conf/values/<job>`, each as the job left it. */
export const CHART_CONF = 'conf/values/';

/** A chart's conf, merged over the previous one. */
export interface MergedChartConf {
  /** As it is stored: a reference and the names, never a value. */
  readonly given: Conf;
  /** The complete values, only for a provider and only in memory. */
  readonly conf: Conf;
  /** The value that `given` refers to; null if it is the same as before. */
  readonly secret: { readonly name: string; readonly value: string } | null;
}

/**
 * Opens the conf of a chart, which arrives sealed as a whole, and merges it over the stored one. No schema
 * decides what is secret: all of it is.
 *
 * @throws invalid-input `CONF_INVALID`, `CONF_UNSEALED`, `SEALED_SECRET`.
 */
export async function mergeChartConf(request: {
  readonly content: PackageContent;
  readonly jobId: string;
  readonly conf: Conf;
  readonly over: Conf | undefined;
  readonly redactor: Redactor;
  readonly openSealed: (value: SealedValue) => Promise<string>;
  readonly openSecret: (name: string) => Promise<string>;
}): Promise<MergedChartConf> {
  const { content, jobId, over = {}, redactor } = request;
  const stored = await openChartConf(over, ({ $secret }) => request.openSecret($secret));
  const change = await openChange(request);
  registerChartConf(redactor, change);
  const conf = mergeConf(stored, change);
  checkConfSize(conf);
  checkChartValues(content.files, conf);
  if (Object.keys(change).length === 0) return { given: over, conf, secret: null };
  const name = `${CHART_CONF}${jobId}`;
  const given = { $secret: name, keys: listConfKeys(conf) };
  return { given, conf, secret: { name, value: JSON.stringify(conf) } };
}

/** How a change of a chart's conf is stored, beside the job: the paths that it names. */
export function describeChartChange(given: Conf): Conf {
  return isChartConf(given) ? { keys: given.keys } : {};
}

/** From now on the values of a conf are masked in everything that a program prints. */
export function registerChartConf(redactor: Redactor, conf: Conf): void {
  for (const value of listHiddenValues(conf)) redactor.register(value);
}

async function openChange({
  conf,
  openSealed,
}: Pick<Parameters<typeof mergeChartConf>[0], 'conf' | 'openSealed'>): Promise<Conf> {
  if (Object.keys(conf).length === 0) return {};
  if (!isSealedValue(conf)) {
    throw new WindlassError('invalid-input', 'the conf of a chart arrived unsealed', {
      code: 'CONF_UNSEALED',
      field: 'conf',
      hint: 'use the client library or the windlass command: they seal it before it leaves the machine',
    });
  }
  const opened: unknown = JSON.parse(await openSealed(conf));
  if (typeof opened === 'object' && opened !== null && !Array.isArray(opened)) return opened as Conf;
  throw new WindlassError('invalid-input', 'the conf of a chart must be a JSON object', {
    code: 'CONF_INVALID',
    field: 'conf',
  });
}
