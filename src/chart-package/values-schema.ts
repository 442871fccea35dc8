import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parseJson } from '../app-package/index.ts';
import {
  compilePattern,
  createPatternBudget,
  createWorkBudget,
  OverLimitError,
  type WorkBudget,
} from '../bounds/index.ts';
import { MAX_SCHEMA_EVALUATIONS, type ErrorDetail } from '../domain/index.ts';
import { addCountingKeywords, withCounters } from './count-evaluations.ts';
import { formatPath, isObject, type PathStep, type Values } from './values.ts';

/** A compiled values.schema.json. */
export interface ValuesSchema {
  /** Every fault of the values, each with its key. */
  check(values: Values): readonly ErrorDetail[];
}

export type SchemaResult = { readonly schema: ValuesSchema } | { readonly fault: string };

// Charts' schemas use what validators of other languages allow; helm is equally lenient.
const OPTIONS: Options = {
  allErrors: true,
  strict: false,
  verbose: false,
  logger: false,
  validateFormats: true,
  // With inlining, parts that refer to each other twice would double the code each time.
  inlineRefs: false,
};

/**
 * Ajv uses it instead of RegExp: patterns in linear time, and in the syntax of helm's own validator
 * (`(?i)a`). `code` would matter only for validators that are written to a file.
 */
function createPatterns(budget: WorkBudget): NonNullable<NonNullable<Options['code']>['regExp']> {
  const createRegExp = (source: string): { readonly test: (text: string) => boolean } => {
    const pattern = compilePattern(source, budget);
    return { test: (text) => pattern.isFoundIn(text) };
  };
  createRegExp.code = 'compilePattern';
  return createRegExp;
}

/**
 * Compiles a chart's schema by the draft that it names: 2020-12, 2019-09, otherwise draft-07, which also
 * reads the older ones. Never throws; a fault says why it cannot be used.
 */
export function compileValuesSchema(text: string): SchemaResult {
  // The same chart is checked for every cluster that uses it, and compiling takes longest.
  const known = compiled.get(text);
  if (known !== undefined) return known;
  const result = compileAnew(text);
  if (compiled.size >= KEPT_SCHEMAS) compiled.clear();
  compiled.set(text, result);
  return result;
}

const KEPT_SCHEMAS = 32;
const compiled = new Map<string, SchemaResult>();

function compileAnew(text: string): SchemaResult {
  const parsed = parseJson(text);
  if ('fault' in parsed) return { fault: `is no JSON: ${parsed.fault.message}` };
  const document = parsed.value;
  if (!isObject(document)) return { fault: 'must be a JSON object' };
  try {
    const compiledSchema = compile(document);
    return {
      schema: {
        check: (values) => checkValues(compiledSchema, values),
      },
    };
  } catch (error) {
    return { fault: messageOf(error) };
  }
}

/** A schema may refer to itself without end, or exceed the time budget of its patterns. */
function checkValues({ validate, begin }: CompiledSchema, values: Values): readonly ErrorDetail[] {
  begin();
  try {
    return validate(values) ? [] : toDetails(validate.errors ?? [], values);
  } catch (error) {
    if (error instanceof OverLimitError) return [{ message: `cannot be checked: ${error.message}` }];
    if (error instanceof RangeError) {
      return [{ message: 'cannot be checked: the schema refers to itself without end, or nests too deeply' }];
    }
    throw error;
  }
}

interface CompiledSchema {
  readonly validate: ValidateFunction;
  /** Called before each check: every check has the whole budget. */
  begin(): void;
}

function createEvaluationBudget(): WorkBudget {
  return createWorkBudget(
    MAX_SCHEMA_EVALUATIONS,
    (limit) => `its parts are evaluated too often; the limit is ${limit}`,
  );
}

function compile(document: Values): CompiledSchema {
  const { $schema: named, ...rest } = document;
  const draft = typeof named === 'string' ? named : '';
  let patterns = createPatternBudget();
  const options: Options = {
    ...OPTIONS,
    code: { regExp: createPatterns({ spend: (units) => patterns.spend(units) }) },
  };
  const ajv = draft.includes('2020-12')
    ? new Ajv2020(options)
    : draft.includes('2019-09')
      ? new Ajv2019(options)
      : new Ajv(options);
  // Ajv's types name the default export of a CommonJS module differently from Node.
  (addFormats as unknown as (target: unknown) => void)(ajv);
  ajv.addFormat('password', true);
  let budget = createEvaluationBudget();
  addCountingKeywords(ajv, () => budget);
  // The dialect is chosen already: a name that Ajv does not know (draft-04, with or without #) is not a
  // fault.
  const validate = ajv.compile(withCounters(rest) as Values);
  return {
    validate,
    begin: () => {
      budget = createEvaluationBudget();
      patterns = createPatternBudget();
    },
  };
}

function toDetails(errors: readonly ErrorObject[], values: Values): ErrorDetail[] {
  const details = new Map<string, ErrorDetail>();
  for (const error of errors) {
    const path = toPath(error.instancePath, values);
    // `anyOf` and similar keywords repeat the faults of their branches.
    if (error.keyword === 'if') continue;
    const detail = toDetail(error, path);
    details.set(`${detail.field ?? ''} ${detail.message}`, detail);
  }
  return [...details.values()];
}

/** Says what is wrong without quoting the value: it may be an unmarked secret. */
function toDetail(error: ErrorObject, path: readonly PathStep[]): ErrorDetail {
  const { keyword, message = 'is not valid' } = error;
  const params = error.params as Readonly<Record<string, unknown>>;
  const at = (steps: readonly PathStep[], text: string): ErrorDetail => {
    return steps.length === 0 ? { message: text } : { field: formatPath(steps), message: text };
  };
  if (keyword === 'required') return at([...path, String(params['missingProperty'])], 'is required');
  if (keyword === 'additionalProperties' || keyword === 'unevaluatedProperties') {
    const name = params['additionalProperty'] ?? params['unevaluatedProperty'];
    return at([...path, String(name)], 'no such key');
  }
  if (keyword === 'enum' && Array.isArray(params['allowedValues'])) {
    return at(
      path,
      `must be one of: ${params['allowedValues'].map((value) => JSON.stringify(value)).join(', ')}`,
    );
  }
  if (keyword === 'const') return at(path, `must be ${JSON.stringify(params['allowedValue'])}`);
  return at(path, message);
}

function toPath(pointer: string, values: Values): PathStep[] {
  const path: PathStep[] = [];
  let value: unknown = values;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    const step = Array.isArray(value) ? Number(key) : key;
    path.push(step);
    value = member(value, step);
  }
  return path;
}

function member(value: unknown, step: PathStep): unknown {
  if (Array.isArray(value)) return value[Number(step)];
  return isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
