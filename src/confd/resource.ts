import { parse, TomlError } from 'smol-toml';
import { renderCheckCommand, type TextFault } from './template-text.ts';
import { TemplateFault } from './go/index.ts';

/** One file that a package needs on its nodes: a resource of confd, as its conf.d declares it. */
export interface ConfdResource {
  /** Path of its template below `templates`. */
  readonly src: string;
  /** The absolute path of the file on the node. */
  readonly dest: string;
  /** The part of the metadata that the template sees: every key that begins with one of these. */
  readonly keys: readonly string[];
  /** Unix permission bits; null keeps those of the existing file, or means 0644. */
  readonly mode: number | null;
  /** Null leaves the file with the user that writes it. */
  readonly uid: number | null;
  readonly gid: number | null;
  /** Must exit with 0 before the file is replaced; `{{.src}}` is the new file. */
  readonly checkCommand: string | null;
  /** Run if the content changed. */
  readonly reloadCommand: string | null;
}

export interface ResourceResult {
  /** Null if an error leaves it undefined. */
  readonly resource: ConfdResource | null;
  readonly errors: readonly TextFault[];
  readonly warnings: readonly TextFault[];
}

const KNOWN_KEYS = ['src', 'dest', 'keys', 'mode', 'uid', 'gid', 'check_cmd', 'reload_cmd', 'prefix'];
const MAX_ID = 2 ** 31 - 1;

/** Reads a resource of conf.d. Never throws: faults are listed with their positions. */
export function readResource(text: string): ResourceResult {
  const reading = new Reading(text);
  const table = reading.parse();
  if (table === null) return reading.finish(null);
  reading.checkKeys(table);
  const src = reading.text(table, 'src');
  const dest = reading.text(table, 'dest');
  if (src === null) reading.error('src', 'src must name a template');
  else if (leadsOut(src)) reading.error('src', 'src must stay inside the folder of templates');
  if (dest === null) reading.error('dest', 'dest must name a file');
  else if (!dest.startsWith('/') || dest.endsWith('/') || leadsOut(dest)) {
    reading.error('dest', 'dest must be an absolute path, without . and ..');
  }
  const checkCommand = reading.text(table, 'check_cmd');
  if (checkCommand !== null) reading.checkCommand(checkCommand);
  return reading.finish({
    src: src ?? '',
    dest: dest ?? '',
    keys: reading.keys(table),
    mode: reading.mode(table),
    uid: reading.id(table, 'uid'),
    gid: reading.id(table, 'gid'),
    checkCommand,
    reloadCommand: reading.text(table, 'reload_cmd'),
  });
}

type Table = Readonly<Record<string, unknown>>;

class Reading {
  private readonly source: string;
  private readonly errors: TextFault[] = [];
  private readonly warnings: TextFault[] = [];

  constructor(source: string) {
    this.source = source;
  }

  finish(resource: ConfdResource | null): ResourceResult {
    const { errors, warnings } = this;
    return { resource: errors.length > 0 ? null : resource, errors, warnings };
  }

  parse(): Table | null {
    try {
      const document: Table = parse(this.source, { integersAsBigInt: false });
      const table = document['template'];
      if (isTable(table)) return table;
      this.errors.push({ line: 1, column: 1, message: 'the table [template] is missing' });
    } catch (error) {
      if (!(error instanceof TomlError)) throw error;
      const [first = 'is not TOML'] = error.message.replace('Invalid TOML document: ', '').split('\n');
      this.errors.push({ line: error.line, column: error.column, message: `is not TOML: ${first}` });
    }
    return null;
  }

  checkKeys(table: Table): void {
    for (const key of Object.keys(table)) {
      if (!KNOWN_KEYS.includes(key.toLowerCase())) this.warning(key, `confd does not know the key ${key}`);
    }
    if (find(table, 'prefix') !== undefined) {
      this.warning('prefix', 'the prefix is /self, or / with metadata_root_access; this one is not used');
    }
  }

  text(table: Table, key: string): string | null {
    const value = find(table, key);
    if (value === undefined || value === '') return null;
    if (typeof value === 'string') return value;
    this.error(key, `${key} must be a string`);
    return null;
  }

  keys(table: Table): readonly string[] {
    const value = find(table, 'keys') ?? [];
    if (!Array.isArray(value) || !value.every((key) => typeof key === 'string')) {
      this.error('keys', 'keys must be a list of strings');
      return [];
    }
    if (value.length === 0) this.warning('keys', 'keys is empty: the template sees no metadata');
    return value;
  }

  /** As Go reads a number of any base: a leading zero means octal. */
  mode(table: Table): number | null {
    const text = this.text(table, 'mode');
    if (text === null) return null;
    const octal = /^0[oO]?([0-7]+)$/.exec(text)?.[1];
    const mode =
      octal === undefined
        ? Number(/^(0[xX][0-9a-fA-F]+|[1-9]\d*|0)$/.exec(text)?.[0])
        : Number.parseInt(octal, 8);
    if (Number.isInteger(mode) && mode <= 0o7777) return mode;
    this.error('mode', `mode must be permission bits such as "0644", not ${JSON.stringify(text)}`);
    return null;
  }

  id(table: Table, key: 'uid' | 'gid'): number | null {
    const value = find(table, key);
    // confd's own value for the user that runs it.
    if (value === undefined || value === -1) return null;
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_ID) return value;
    this.error(key, `${key} must be a number`);
    return null;
  }

  checkCommand(command: string): void {
    try {
      renderCheckCommand(command, '/src');
    } catch (error) {
      if (!(error instanceof TemplateFault)) throw error;
      this.error('check_cmd', `check_cmd: ${error.message}`);
    }
  }

  error(key: string, message: string): void {
    this.errors.push({ ...this.locate(key), message });
  }

  private warning(key: string, message: string): void {
    this.warnings.push({ ...this.locate(key), message });
  }

  /** The position of a key, or the beginning of the file. */
  private locate(key: string): { readonly line: number; readonly column: number } {
    const lines = this.source.split('\n');
    const index = lines.findIndex((line) => {
      const name = /^\s*["']?([A-Za-z0-9_-]+)["']?\s*=/.exec(line)?.[1];
      return name?.toLowerCase() === key.toLowerCase();
    });
    const line = lines[index];
    return line === undefined ? { line: 1, column: 1 } : { line: index + 1, column: line.search(/\S/) + 1 };
  }
}

/** confd's TOML reader ignores case. */
function find(table: Table, key: string): unknown {
  if (table[key] !== undefined) return table[key];
  const spelled = Object.keys(table).find((name) => name.toLowerCase() === key);
  return spelled === undefined ? undefined : table[spelled];
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function leadsOut(path: string): boolean {
  return path.split('/').some((part) => part === '..' || part === '.');
}
