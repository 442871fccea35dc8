import { mapPasswords, setConfValue, type Form } from '../app-package/index.ts';
import { isChartForm, mapChartSecrets, setChartValue, type ChartForm } from '../chart-package/index.ts';
import { confBinding, type Conf, type Reads, type SealedValue, type SealingKey } from '../domain/index.ts';
import { sealSecret } from '../secrets/index.ts';

/**
 * The conf as it leaves this process: the settings typed by the form and put over it, every
 * password sealed for this cluster and this key.
 *
 * @throws invalid-input `CONF_INVALID` for a setting that the form does not know.
 */
export async function prepareConf(
  reads: Reads,
  form: Form | ChartForm,
  clusterId: string,
  given: { readonly conf?: Conf; readonly settings?: Readonly<Record<string, string>> },
): Promise<Conf> {
  let conf = given.conf ?? {};
  for (const [key, text] of Object.entries(given.settings ?? {})) {
    conf = isChartForm(form) ? setChartValue(conf, key, text) : setConfValue(form, conf, key, text);
  }
  let sealingKey: Promise<SealingKey> | undefined;
  const seal = async (value: unknown, key: string): Promise<SealedValue> => {
    sealingKey ??= reads.getSealingKey();
    return { $sealed: await sealSecret(await sealingKey, String(value), confBinding(clusterId, key)) };
  };
  return isChartForm(form) ? mapChartSecrets(form, conf, seal) : mapPasswords(form, conf, seal);
}
