import {
  namesSetting,
  WindlassError,
  type ErrorDetail,
  type NodeAccessWay,
  type ProviderSettings,
  type Runtime,
} from '../domain/index.ts';

/** Reads the settings of a runtime (`--set key=value`), and collects their faults. */
export interface SettingsReader {
  /** A text of a form; undefined if none, or a wrong one, is given. `what` describes the form. */
  text(name: string, form: RegExp, what: string): string | undefined;
  /** Texts of a form, separated by commas; wrong ones are left out. */
  list(name: string, form: RegExp, what: string): readonly string[];
  /** A whole number; undefined if none, or a wrong one, is given. */
  number(name: string, least: number, most: number): number | undefined;
  choice<T extends string>(name: string, choices: readonly T[], byDefault: T): T;
  /** Adds a fault of another kind. */
  refuse(name: string, message: string): void;
  /** @throws invalid-input `RUNTIME_SETTINGS`, with every fault in `details`, if there is any. */
  throwFaults(): void;
}

export interface SettingsReaderOptions {
  /** The provider's name, for messages. */
  readonly provider: string;
  /** The existing settings; any other is a fault. */
  readonly known: ProviderSettings;
  /** The page that describes them, for the hint of an error. */
  readonly page: string;
}

/** A setting that is empty counts as not given. */
export function createSettingsReader(
  given: Readonly<Record<string, string>>,
  { provider, known, page }: SettingsReaderOptions,
): SettingsReader {
  const names = [...known.bound, ...known.free];
  const faults: ErrorDetail[] = [];
  const refuse = (field: string, message: string): void => void faults.push({ field, message });
  const read = (name: string): string | undefined => {
    const value = given[name]?.trim();
    return value === '' ? undefined : value;
  };
  const refuseValue = (name: string, value: string, what: string): undefined => {
    refuse(name, `${name} is ${JSON.stringify(value)}, not ${what}`);
    return undefined;
  };
  for (const name of Object.keys(given)) {
    if (!namesSetting(names, name)) refuse(name, `${name} is not a setting of the ${provider} provider`);
  }
  return {
    refuse,
    text(name, form, what) {
      const value = read(name);
      return value === undefined || form.test(value) ? value : refuseValue(name, value, what);
    },
    list(name, form, what) {
      const parts = (read(name) ?? '').split(',').map((part) => part.trim());
      return parts.filter((part) => {
        if (part === '') return false;
        if (form.test(part)) return true;
        refuse(name, `${name} holds ${JSON.stringify(part)}: it lists ${what}`);
        return false;
      });
    },
    number(name, least, most) {
      const value = read(name);
      if (value === undefined) return undefined;
      const number = Number(value);
      if (/^\d+$/.test(value) && number >= least && number <= most) return number;
      return refuseValue(name, value, `a whole number from ${least} to ${most}`);
    },
    choice(name, choices, byDefault) {
      const value = read(name);
      if (value === undefined) return byDefault;
      const chosen = choices.find((choice) => choice === value);
      if (chosen === undefined) refuseValue(name, value, `one of ${choices.filter(Boolean).join(', ')}`);
      return chosen ?? byDefault;
    },
    throwFaults() {
      const [first] = faults;
      if (first === undefined) return;
      throw new WindlassError('invalid-input', faults.map(({ message }) => message).join('; '), {
        code: 'RUNTIME_SETTINGS',
        hint: `the settings are ${names.join(', ')}; ${page} says what each is for`,
        ...(first.field === undefined ? {} : { field: first.field }),
        details: faults,
      });
    },
  };
}

/** How nodes are reached, by the setting `frontgate` (`on` or `off`) that VM providers share. */
export function readNodeAccess(reader: Pick<SettingsReader, 'choice'>): NodeAccessWay {
  return reader.choice('frontgate', ['on', 'off'], 'off') === 'on' ? 'frontgate' : 'direct';
}

/** The same for settings that were checked before; direct if they were not. */
export function nodeAccessOf({ settings }: Pick<Runtime, 'settings'>): NodeAccessWay {
  return settings['frontgate'] === 'on' ? 'frontgate' : 'direct';
}
