import { createFunctions } from './functions.ts';
import {
  BUILTINS,
  evaluateTemplate,
  GoMap,
  parseTemplate,
  TemplateFault,
  toBytes,
  toText,
  type ByteString,
} from './go/index.ts';
import { KeyStore } from './key-store.ts';

/** Names of all functions that a template may call. */
export const FUNCTION_NAMES: ReadonlySet<string> = new Set([
  ...BUILTINS.keys(),
  ...createFunctions(new KeyStore(new Map())).keys(),
]);

const READS_THE_MACHINE = 'it reads the machine that renders, and files must depend only on the metadata';

/** Functions of confd or Go that templates may not call, and the reason. */
export const REFUSED_FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ...['getenv', 'datetime', 'fileExists', 'lookupIP', 'lookupIPV4', 'lookupIPV6', 'lookupSRV'].map(
    (name) => [name, READS_THE_MACHINE] as const,
  ),
  ...['cget', 'cgets', 'cgetv', 'cgetvs'].map(
    (name) => [name, 'it needs a private key; values of type password are already decrypted'] as const,
  ),
  ['toYaml', 'use toJson, whose output is also YAML'],
  ['call', 'no function could be called with it'],
]);

const MAX_FAULTS = 100;

/** A fault at one position of a text. Line and column count from 1. */
export interface TextFault {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** Every fault of a template's text that can be found before it runs: no fault means that it can run. */
export function findTemplateFaults(text: string): readonly TextFault[] {
  const source = toBytes(text);
  const faults: TextFault[] = [];
  try {
    parseTemplate(source, (name, offset) => {
      const fault = checkFunction(name, offset);
      if (fault === null) return;
      // A missing function does not hide later faults, up to a limit.
      if (faults.length >= MAX_FAULTS) throw fault;
      faults.push(toTextFault(source, fault));
    });
  } catch (error) {
    if (!(error instanceof TemplateFault)) throw error;
    faults.push(toTextFault(source, error));
  }
  return faults;
}

export type RenderResult = { readonly content: Uint8Array } | { readonly fault: TextFault };

/**
 * Renders one template with a store of keys; a failure is returned as a value, because it is a fault of
 * the package.
 */
export function renderTemplateText(text: string, values: ReadonlyMap<ByteString, ByteString>): RenderResult {
  const source = toBytes(text);
  try {
    const template = parseTemplate(source, refuseUnknown);
    const output = evaluateTemplate(template, createFunctions(new KeyStore(values)));
    return { content: new Uint8Array(Buffer.from(output, 'latin1')) };
  } catch (error) {
    if (!(error instanceof TemplateFault)) throw error;
    return { fault: toTextFault(source, error) };
  }
}

/**
 * A check command with its `{{.src}}` filled in.
 *
 * @throws TemplateFault: the offset is one of the command's own text.
 */
export function renderCheckCommand(command: string, src: string): string {
  const template = parseTemplate(toBytes(command), (name, offset) => {
    if (!BUILTINS.has(name)) throw new TemplateFault(`there is no function ${toText(name)} here`, offset);
  });
  return toText(evaluateTemplate(template, BUILTINS, new GoMap(new Map([['src', toBytes(src)]]))));
}

function refuseUnknown(name: string, offset: number): void {
  const fault = checkFunction(name, offset);
  if (fault !== null) throw fault;
}

function checkFunction(name: string, offset: number): TemplateFault | null {
  if (FUNCTION_NAMES.has(name)) return null;
  const why = REFUSED_FUNCTIONS.get(name);
  return new TemplateFault(
    why === undefined
      ? `there is no function ${toText(name)}`
      : `the function ${name} is not supported: ${why}`,
    offset,
  );
}

function toTextFault(source: ByteString, fault: TemplateFault): TextFault {
  const before = source.slice(0, fault.offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return {
    line: before.split('\n').length,
    column: Array.from(toText(before.slice(lineStart))).length + 1,
    message: fault.message,
  };
}
