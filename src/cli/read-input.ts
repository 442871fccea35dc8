import { readFile } from 'node:fs/promises';
import { WindlassError, type Conf } from '../domain/index.ts';
import type { CommandInput } from './command.ts';
import type { CliIo } from './io.ts';

/** The argument at a position; commander has checked that it exists. */
export function readArgument(input: CommandInput, index: number): string {
  return input.arguments[index] ?? '';
}

/** The value of an option, if given. */
export function readOption(input: CommandInput, name: string): string | undefined {
  const value = input.options[name];
  return typeof value === 'string' ? value : undefined;
}

export function readFlag(input: CommandInput, name: string): boolean {
  return input.options[name] === true;
}

/** An option that must be a whole number. @throws invalid-input `BAD_OPTION` */
export function readCount(input: CommandInput, name: string): number | undefined {
  const text = readOption(input, name);
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw badOption(name, `must be a whole number, not ${JSON.stringify(text)}`, `for example --${name} 10`);
}

/** An option that must be a number above 0. @throws invalid-input `BAD_OPTION` */
export function readNumber(input: CommandInput, name: string): number | undefined {
  const text = readOption(input, name);
  if (text === undefined) return undefined;
  const value = /^\d{1,9}(\.\d{1,6})?$/.test(text) ? Number(text) : 0;
  if (value > 0) return value;
  throw badOption(name, `must be a number above 0, not ${JSON.stringify(text)}`, `for example --${name} 2`);
}

/** An option that may be given several times. */
export function readList(input: CommandInput, name: string): readonly string[] {
  const given = input.options[name];
  return Array.isArray(given) ? (given as readonly string[]) : [];
}

/** Options that were given, with the field names of a request. */
export function pickOptions<Name extends string>(
  input: CommandInput,
  names: Readonly<Record<string, Name>>,
): Partial<Record<Name, string>> {
  const picked: Partial<Record<Name, string>> = {};
  for (const [option, field] of Object.entries(names)) {
    const value = readOption(input, option);
    if (value !== undefined) picked[field] = value;
  }
  return picked;
}

/** `--set key=value`, any number of times. @throws invalid-input `BAD_OPTION` */
export function readSettings(input: CommandInput): Record<string, string> {
  const given = input.options['set'];
  const pairs = (Array.isArray(given) ? given : []).map((text: string) => {
    const at = text.indexOf('=');
    if (at < 1) throw badOption('set', 'must be key=value', 'for example --set env.port=2181');
    return [text.slice(0, at), text.slice(at + 1)] as const;
  });
  return Object.fromEntries(pairs);
}

/** The text of the file that an option names, `-` being standard input; undefined when not given. */
export async function readFileOption(
  io: CliIo,
  input: CommandInput,
  name: string,
): Promise<string | undefined> {
  const path = readOption(input, name);
  if (path === undefined) return undefined;
  if (path === '-') return io.readStdin();
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'it cannot be read';
    throw badOption(name, `the file ${path} cannot be read (${why})`, 'give a file, or - for standard input');
  }
}

/** The user's conf. @throws invalid-input `BAD_OPTION` naming line and column. */
export async function readConf(io: CliIo, input: CommandInput): Promise<Conf | undefined> {
  const text = await readFileOption(io, input, 'conf');
  if (text === undefined) return undefined;
  const { parseJson } = await import('../app-package/index.ts');
  const parsed = parseJson(text, { comments: true });
  if ('fault' in parsed) {
    const { line, column, message } = parsed.fault;
    throw badOption(
      'conf',
      `line ${line}, column ${column}: ${message}`,
      'the conf is JSON (comments are allowed), nested as the form is',
    );
  }
  if (typeof parsed.value !== 'object' || parsed.value === null || Array.isArray(parsed.value)) {
    throw badOption('conf', 'must be a JSON object', 'nested as the form is: {"cluster": {"name": …}}');
  }
  return parsed.value as Conf;
}

function badOption(name: string, why: string, hint: string): WindlassError {
  return new WindlassError('invalid-input', `--${name}: ${why}`, { code: 'BAD_OPTION', field: name, hint });
}
