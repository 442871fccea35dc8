import type { ByteString } from './bytes.ts';
import type { Value } from './values.ts';

/**
 * What a parameter accepts. `number` is int, and beyond that what AppCenter's own confd accepts: floats,
 * numerals.
 */
export type Parameter = 'any' | 'string' | 'int' | 'number' | 'strings' | 'pairs';

/** A function that templates call. */
export interface TemplateFunction {
  readonly parameters: readonly Parameter[];
  /** The last parameter may be given any number of times, including zero. */
  readonly variadic?: boolean;
  /** @throws Error whose message is shown to the template's author. */
  call(values: readonly Value[]): Value;
}

/** The functions that templates may call, by name. */
export type FunctionTable = ReadonlyMap<ByteString, TemplateFunction>;
