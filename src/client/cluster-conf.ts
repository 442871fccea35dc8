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
 * The conf as it leaves this process: the settings are typed by the form and applied over it. For a form,
 * every password is sealed for this request and this key, and unknown keys are refused; for a chart, all
 * of it is sealed as one.
 *
 * @throws invalid-input `CONF_INVALID` for keys that the form does not have or values of another type,
 * `SECRET_SETTING` for a secret among the settings, `CONF_TOO_LARGE`.
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

/** Whatever its schema says: it cannot be known which of the values are secret. */
async function sealWhole(requests: Requests, request: Omit<ConfRequest, 'conf'>, conf: Conf): Promise<Conf> {
  const bind = bindConf({ ...request, conf: { $sealed: true } });
  return { $sealed: await sealSecret(await requests.getSealingKey(), JSON.stringify(conf), bind('')) };
}

/** Settings are on command lines, which every user of the machine can read. */
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
  throw new WindlassError('invalid-input', `${key} is a secret: it cannot be given as a setting`, {
    code: 'SECRET_SETTING',
    field: key,
    hint: 'other users can read a command line: put it into the conf (--conf FILE, or --conf - for standard input); on a terminal a missing password is asked for',
  });
}

/** In the form in which it arrives at a worker: the binding of the seal must be the same on both sides. */
function toJson(conf: Conf): Conf {
  try {
    return JSON.parse(JSON.stringify(conf, refuseUnwritable)) as Conf;
  } catch {
    throw new WindlassError('invalid-input', 'the conf holds something that JSON cannot hold', {
      code: 'CONF_INVALID',
      field: 'conf',
      hint: 'a conf consists of numbers, strings, true and false, null, lists and objects',
    });
  }
}

/** JSON would write null instead, which means that a value is removed. */
function refuseUnwritable(_key: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError('not a JSON number');
  return value;
}
