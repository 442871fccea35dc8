import { mapPasswords, setConfValue, type Form } from '../app-package/index.ts';
import { isChartForm, mapChartSecrets, setChartValue, type ChartForm } from '../chart-package/index.ts';
import { checkConfSize, WindlassError, type Conf, type ConfRequest, type Reads } from '../domain/index.ts';
import { bindConf, sealSecret } from '../secrets/index.ts';

/**
 * The conf as it leaves this process: the settings typed by the form and put over it, every
 * password sealed for this request and this key.
 *
 * @throws invalid-input `CONF_INVALID` for a setting that the form does not know, `CONF_TOO_LARGE`.
 */
export async function prepareConf(
  reads: Reads,
  form: Form | ChartForm,
  request: Omit<ConfRequest, 'conf'>,
  given: { readonly conf?: Conf; readonly settings?: Readonly<Record<string, string>> },
): Promise<Conf> {
  let conf = toJson(given.conf ?? {});
  for (const [key, text] of Object.entries(given.settings ?? {})) {
    conf = isChartForm(form) ? setChartValue(conf, key, text) : setConfValue(form, conf, key, text);
  }
  checkConfSize(conf);
  const map = (replace: (value: unknown, key: string) => unknown): Promise<Conf> =>
    isChartForm(form) ? mapChartSecrets(form, conf, replace) : mapPasswords(form, conf, replace);
  let sealed = 0;
  const beside = await map(() => ({ $sealed: (sealed += 1) }));
  if (sealed === 0) return conf;
  const sealingKey = await reads.getSealingKey();
  const bind = bindConf({ ...request, conf: beside });
  return map(async (value, key) => ({ $sealed: await sealSecret(sealingKey, String(value), bind(key)) }));
}

/** As it arrives at a worker: what it is sealed beside must be the same on both sides. */
function toJson(conf: Conf): Conf {
  try {
    return JSON.parse(JSON.stringify(conf)) as Conf;
  } catch {
    throw new WindlassError('invalid-input', 'the conf holds something that JSON cannot hold', {
      code: 'CONF_INVALID',
      field: 'conf',
      hint: 'numbers, texts, true and false, null, lists and objects are what a conf is made of',
    });
  }
}
