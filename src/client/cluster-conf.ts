import {
  checkGivenConf,
  dottedKey,
  listFormValues,
  mapPasswords,
  setConfValue,
  type Form,
} from '../app-package/index.ts';
import { isChartForm, setChartValue, type ChartForm } from '../chart-package/index.ts';
import { checkConfSize, isSecretName, WindlassError, type Conf, type ConfRequest } from '../domain/index.ts';
import type { Requests } from '../protocol/index.ts';
import { bindConf, sealSecret } from '../secrets/index.ts';

/**
 * The conf as it leaves this process: the settings typed by the form and put over it; of a form
 * every password sealed for this request and this key, and nothing that the form does not know; of a
 * chart all of it sealed as one.
 *
 * @throws invalid-input `CONF_INVALID` for what the form does not know or is of another type,
 *   `SECRET_SETTING` for a secret among the settings, `CONF_TOO_LARGE`.
 */
export async function prepareConf(
  requests: Requests,
  form: Form | ChartForm | null,
  request: Omit<ConfRequest, 'conf'>,
  given: { readonly conf?: Conf; readonly settings?: Readonly<Record<string, string>> },
): Promise<Conf> {
  let conf = toJson(given.conf ?? {});
  const known = form ?? { items: [] };
  refuseSecretSettings(known, Object.keys(given.settings ?? {}));
  for (const [key, text] of Object.entries(given.settings ?? {})) {
    conf = isChartForm(known) ? setChartValue(conf, key, text) : setConfValue(known, conf, key, text);
  }
  checkConfSize(conf);
  if (isChartForm(known)) return Object.keys(conf).length === 0 ? {} : sealWhole(requests, request, conf);
  checkGivenConf(known, conf);
  let sealed = 0;
  const beside = await mapPasswords(known, conf, () => ({ $sealed: (sealed += 1) }));
  if (sealed === 0) return conf;
  const sealingKey = await requests.getSealingKey();
  const bind = bindConf({ ...request, conf: beside });
  return mapPasswords(known, conf, async (value, key) => ({
    $sealed: await sealSecret(sealingKey, String(value), bind(key)),
  }));
}

/** Whatever its schema says: nobody can tell what in it is secret. */
async function sealWhole(requests: Requests, request: Omit<ConfRequest, 'conf'>, conf: Conf): Promise<Conf> {
  const bind = bindConf({ ...request, conf: { $sealed: true } });
  return { $sealed: await sealSecret(await requests.getSealingKey(), JSON.stringify(conf), bind('')) };
}

/** Settings stand on command lines, which every user of the machine can read. */
function refuseSecretSettings(form: Form | ChartForm, keys: readonly string[]): void {
  const passwords = isChartForm(form)
    ? null
    : new Set(
        listFormValues(form)
          .filter(({ type }) => type === 'password')
          .map(dottedKey),
      );
  const key = keys.find((name) => (passwords === null ? isSecretName(name) : passwords.has(name)));
  if (key === undefined) return;
  throw new WindlassError('invalid-input', `${key} is a secret: it is not given as a setting`, {
    code: 'SECRET_SETTING',
    field: key,
    hint: 'a command line can be read by others: put it into the conf (--conf FILE, or --conf - for standard input); on a terminal a missing password is asked for',
  });
}

/** As it arrives at a worker: what it is sealed beside must be the same on both sides. */
function toJson(conf: Conf): Conf {
  try {
    return JSON.parse(JSON.stringify(conf, refuseUnwritable)) as Conf;
  } catch {
    throw new WindlassError('invalid-input', 'the conf holds something that JSON cannot hold', {
      code: 'CONF_INVALID',
      field: 'conf',
      hint: 'numbers, texts, true and false, null, lists and objects are what a conf is made of',
    });
  }
}

/** JSON would write null in its place, which means that a value is taken away. */
function refuseUnwritable(_key: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError('no number of JSON');
  return value;
}
