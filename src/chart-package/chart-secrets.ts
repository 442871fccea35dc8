import { createProblemReport } from '../app-package/index.ts';
import type { Conf, PackageFile } from '../domain/index.ts';
import { readChart } from './read-chart.ts';
import { formatPath, isHidden, mapLeaves, type PathStep, type Values } from './values.ts';
import { compileValuesSchema } from './values-schema.ts';

/** What a client must know of a chart to prepare values: plain JSON, so that it can travel. */
export interface ChartForm {
  readonly kind: 'chart';
  readonly description: string;
  readonly appVersion: string;
  readonly kubeVersion: string;
  /** values.yaml, without what is secret in it. */
  readonly values: Values;
  /** Text of values.schema.json; null where there is none. */
  readonly schemaText: string | null;
}

/** The form of a chart, as `windlass app describe` answers it. */
export async function describeChart(files: readonly PackageFile[]): Promise<ChartForm> {
  const form = readChartForm(files);
  const shown = await mapChartSecrets(form, form.values, () => '');
  return { ...form, values: shown };
}

/** The form of a chart, with what is secret in its defaults: for workers. */
export function readChartForm(files: readonly PackageFile[]): ChartForm {
  const { description, appVersion, kubeVersion, values, schemaText } = readChart(
    files,
    createProblemReport(),
  );
  return { kind: 'chart', description, appVersion, kubeVersion, values, schemaText };
}

/** Whether the answer of `app describe` is that of a chart. */
export function isChartForm(form: unknown): form is ChartForm {
  return typeof form === 'object' && form !== null && 'kind' in form && form.kind === 'chart';
}

/**
 * A copy of the values in which every secret is replaced by what `replace` returns: the client
 * seals with it, the worker opens and stores. A secret is text that the schema marks (`writeOnly`,
 * `format: password`) or whose key says so (password, token, secretKey …), and whatever is sealed or
 * a reference already.
 */
export async function mapChartSecrets(
  form: Pick<ChartForm, 'schemaText'>,
  values: Conf,
  replace: (value: unknown, key: string) => unknown,
): Promise<Conf> {
  const compiled = form.schemaText === null ? null : compileValuesSchema(form.schemaText);
  const schema = compiled !== null && 'schema' in compiled ? compiled.schema : null;
  const mapped = await mapLeaves(values, (leaf, path) => {
    if (isHidden(leaf)) return replace(leaf, formatPath(path));
    if (typeof leaf !== 'string' || leaf === '') return leaf;
    const key = formatPath(path);
    const secret = hasSecretName(path) || schema?.isSecret(path) === true;
    return secret ? replace(leaf, key) : leaf;
  });
  return mapped as Conf;
}

const SECRET_NAME =
  /(^|[a-z0-9_-])(password|passwd|passphrase|token|secret|secret[-_]?key|api[-_]?key|access[-_]?key|private[-_]?key)$/i;
// Names of objects that hold a secret, not the secret itself.
const NO_SECRET_NAME =
  /^(existing|use|create|enable|image|pull|tls|mount|automount).*(secret|token|password)$|name$/i;

function hasSecretName(path: readonly PathStep[]): boolean {
  const last = path.findLast((step): step is string => typeof step === 'string') ?? '';
  return SECRET_NAME.test(last) && !NO_SECRET_NAME.test(last);
}

/** The values with every reference to a secret replaced by its value. */
export async function openChartSecrets(
  values: Conf,
  open: (reference: { readonly $secret: string }) => Promise<string>,
): Promise<Conf> {
  const opened = await mapLeaves(values, (leaf) => {
    return isHidden(leaf) && '$secret' in (leaf as object)
      ? open(leaf as { readonly $secret: string })
      : leaf;
  });
  return opened as Conf;
}

/** Stands where a secret would when a chart is rendered only to see what it makes. */
export const SECRET_PLACEHOLDER = 'windlass-secret-placeholder-0A';

/** The values with every secret hidden behind a placeholder. */
export function hideChartSecrets(values: Conf): Promise<Conf> {
  return openChartSecrets(values, async () => SECRET_PLACEHOLDER);
}
