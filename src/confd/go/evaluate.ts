import { MAX_TEMPLATE_OUTPUT_BYTES, MAX_TEMPLATE_STEPS } from '../../domain/limits.ts';
import { toText, type ByteString } from './bytes.ts';
import { BUILTINS } from './builtins.ts';
import { toArgument } from './arguments.ts';
import { checkSize, measure } from './measure.ts';
import { printAction } from './print.ts';
import type { FunctionTable, TemplateFunction } from './signature.ts';
import type { Command, Node, Operand, ParsedTemplate, Pipeline } from './syntax.ts';
import { TemplateFault } from './template-fault.ts';
import { GoList, GoMap, GoPair, isTrue, sortedEntries, typeName, type Value } from './values.ts';

/** Functions process text byte by byte, some of them slowly; lists are traversed. */
const TEXT_BYTES_PER_STEP = 4;
const LIST_BYTES_PER_STEP = 16;
/** How deep templates may call each other. */
const MAX_CALLS = 300;

/** No value was piped in; a piped `undefined` is a value that is nothing. */
const NOT_PIPED = Symbol('not piped');
type Piped = Value | typeof NOT_PIPED;

interface Variable {
  readonly name: ByteString;
  value: Value;
}

type Jump = 'break' | 'continue' | null;

/**
 * Runs a template with the functions given, over `dot` (confd gives none).
 *
 * @returns its output.
 * @throws TemplateFault at the place that failed; also for a template that would run too long.
 */
export function evaluateTemplate(
  template: ParsedTemplate,
  functions: FunctionTable,
  dot?: Value,
): ByteString {
  const run = new Run(template, functions, dot);
  run.walkAll(template.root, dot);
  return run.output();
}

class Run {
  private readonly template: ParsedTemplate;
  private readonly functions: FunctionTable;
  private readonly written: ByteString[] = [];
  private variables: Variable[];
  private bytes = 0;
  private steps = 0;
  private calls = 0;

  constructor(template: ParsedTemplate, functions: FunctionTable, dot: Value) {
    this.variables = [{ name: '$', value: dot }];
    this.template = template;
    this.functions = functions;
  }

  output(): ByteString {
    return this.written.join('');
  }

  walkAll(nodes: readonly Node[], dot: Value): Jump {
    for (const node of nodes) {
      const jump = this.walk(node, dot);
      if (jump !== null) return jump;
    }
    return null;
  }

  private walk(node: Node, dot: Value): Jump {
    this.step(node.offset);
    switch (node.kind) {
      case 'text':
        this.write(node.text, node.offset);
        return null;
      case 'action': {
        const value = this.evaluatePipeline(node.pipeline, dot);
        if (node.pipeline.variables.length === 0) this.write(printAction(value), node.offset);
        return null;
      }
      case 'break':
      case 'continue':
        return node.kind;
      case 'template':
        this.call(node.name, this.evaluateOptional(node.pipeline, dot), node.offset);
        return null;
      case 'if':
      case 'with':
      case 'range':
        return this.scoped(() => this.walkControl(node, dot));
    }
  }

  /** Variables that are declared inside are removed afterwards. */
  private scoped<T>(walk: () => T): T {
    const mark = this.variables.length;
    const result = walk();
    this.variables.length = mark;
    return result;
  }

  private walkControl(node: Extract<Node, { kind: 'if' | 'with' | 'range' }>, dot: Value): Jump {
    const value = this.evaluatePipeline(node.pipeline, dot);
    if (node.kind === 'range') return this.walkRange(node, value, dot);
    if (isTrue(value)) return this.walkAll(node.body, node.kind === 'with' ? value : dot);
    return node.otherwise === null ? null : this.walkAll(node.otherwise, dot);
  }

  private walkRange(node: Extract<Node, { kind: 'if' | 'with' | 'range' }>, over: Value, dot: Value): Jump {
    const items = this.listItems(node, over);
    if (items.length === 0) return node.otherwise === null ? null : this.walkAll(node.otherwise, dot);
    for (const [key, item] of items) {
      this.step(node.offset);
      this.setLoopVariables(node.pipeline, key, item, node.offset);
      if (this.scoped(() => this.walkAll(node.body, item)) === 'break') break;
    }
    return null;
  }

  private listItems(
    node: Node & { pipeline: Pipeline | null },
    over: Value,
  ): readonly (readonly [Value, Value])[] {
    if (over === undefined || over === null) return [];
    // All elements are listed first, even if the loop stops early.
    this.step(node.offset, countSteps(over));
    if (over instanceof GoList) return over.items.map((item, index) => [BigInt(index), item] as const);
    if (over instanceof GoMap) return sortedEntries(over);
    if (typeof over === 'bigint') {
      if ((node.pipeline?.variables.length ?? 0) > 1) {
        throw new TemplateFault('a range over a number has one variable', node.offset);
      }
      if (over > BigInt(MAX_TEMPLATE_STEPS)) throw tooLong(node.offset);
      this.step(node.offset, Math.max(0, Number(over)));
      return Array.from(
        { length: Math.max(0, Number(over)) },
        (_, index) => [undefined, BigInt(index)] as const,
      );
    }
    throw new TemplateFault(`range cannot go over ${typeName(over)}`, node.offset);
  }

  /** One variable gets the element, two get key and element. */
  private setLoopVariables({ variables, assigns }: Pipeline, key: Value, item: Value, offset: number): void {
    const [first, second] = variables;
    if (first === undefined) return;
    if (assigns) {
      this.assign(first, second === undefined ? item : key, offset);
      if (second !== undefined) this.assign(second, item, offset);
      return;
    }
    // They were declared last, with the value of the whole pipeline.
    const top = this.variables.length;
    const last = this.variables[top - 1];
    if (last !== undefined) last.value = item;
    const before = this.variables[top - 2];
    if (second !== undefined && before !== undefined) before.value = key;
  }

  private call(name: ByteString, dot: Value, offset: number): void {
    const nodes = this.template.definitions.get(name);
    if (nodes === undefined) throw new TemplateFault(`there is no template ${toText(name)}`, offset);
    if (this.calls >= MAX_CALLS) throw new TemplateFault('templates call each other too deeply', offset);
    const { variables } = this;
    this.variables = [{ name: '$', value: dot }];
    this.calls += 1;
    this.walkAll(nodes, dot);
    this.calls -= 1;
    this.variables = variables;
  }

  private evaluateOptional(pipeline: Pipeline | null, dot: Value): Value {
    return pipeline === null ? undefined : this.evaluatePipeline(pipeline, dot);
  }

  private evaluatePipeline(pipeline: Pipeline, dot: Value): Value {
    let value: Piped = NOT_PIPED;
    for (const command of pipeline.commands) {
      const result: Value = this.evaluateCommand(command, dot, value);
      // An interface yields the value that it holds.
      value = result === null ? undefined : result;
    }
    const result = value === NOT_PIPED ? undefined : value;
    for (const name of pipeline.variables) {
      if (pipeline.assigns) this.assign(name, result, pipeline.offset);
      else this.variables.push({ name, value: result });
    }
    return result;
  }

  private evaluateCommand(command: Command, dot: Value, piped: Piped): Value {
    const [first, ...rest] = command.operands;
    this.step(first.offset);
    if (first.kind === 'function') return this.callFunction(first.name, rest, dot, piped, first.offset);
    if (first.kind === 'nil') throw new TemplateFault('nil is not a value of its own', first.offset);
    if (rest.length > 0 || piped !== NOT_PIPED) {
      throw new TemplateFault('this is not a function: it takes no argument', first.offset);
    }
    return this.evaluateOperand(first, dot);
  }

  /** An operand where any type is allowed. */
  private evaluateOperand(operand: Operand, dot: Value): Value {
    switch (operand.kind) {
      case 'dot':
        return dot;
      case 'nil':
        return null;
      case 'bool':
      case 'string':
        return operand.value;
      case 'number':
        if (operand.isFloat || operand.int === null) return operand.float;
        return operand.int;
      case 'function':
        return this.callFunction(operand.name, [], dot, NOT_PIPED, operand.offset);
      case 'field':
        return this.follow(dot, operand.names, operand.offset);
      case 'variable':
        return this.follow(this.readVariable(operand.name, operand.offset), operand.names, operand.offset);
      case 'chain':
        return this.follow(this.evaluateOperand(operand.of, dot), operand.names, operand.offset);
      case 'pipeline':
        return this.evaluatePipeline(operand.pipeline, dot);
    }
  }

  private follow(start: Value, names: readonly ByteString[], offset: number): Value {
    return names.reduce((value, name) => readField(value, name, offset), start);
  }

  private callFunction(
    name: ByteString,
    operands: readonly Operand[],
    dot: Value,
    piped: Piped,
    offset: number,
  ): Value {
    const known = this.functions.get(name) ?? BUILTINS.get(name);
    if (known === undefined) throw new TemplateFault(`there is no function ${toText(name)}`, offset);
    checkCount(name, known, operands.length + (piped === NOT_PIPED ? 0 : 1), offset);
    if (name === 'and' || name === 'or') return this.decide(name, operands, dot, piped);
    const values = operands.map((operand, index) =>
      toArgument(operand, parameterAt(known, index), () => this.evaluateOperand(operand, dot)),
    );
    if (piped !== NOT_PIPED) {
      values.push(toArgument({ offset }, parameterAt(known, operands.length), () => piped));
    }
    try {
      for (const value of values) this.step(offset, countSteps(value));
      const result = known.call(values);
      checkSize(measure(result));
      this.step(offset, countSteps(result));
      return result;
    } catch (error) {
      if (error instanceof TemplateFault || !(error instanceof Error)) throw error;
      throw new TemplateFault(`${toText(name)}: ${error.message}`, offset);
    }
  }

  /** The first value that decides; later ones are not evaluated. */
  private decide(name: 'and' | 'or', operands: readonly Operand[], dot: Value, piped: Piped): Value {
    let value: Value;
    for (const operand of operands) {
      value = this.evaluateOperand(operand, dot);
      if (isTrue(value) === (name === 'or')) return value;
    }
    return piped === NOT_PIPED ? value : piped;
  }

  private readVariable(name: ByteString, offset: number): Value {
    const found = this.variables.findLast((variable) => variable.name === name);
    if (found === undefined) throw new TemplateFault(`the variable ${toText(name)} is not set`, offset);
    return found.value;
  }

  private assign(name: ByteString, value: Value, offset: number): void {
    const found = this.variables.findLast((variable) => variable.name === name);
    if (found === undefined) throw new TemplateFault(`the variable ${toText(name)} is not set`, offset);
    found.value = value;
  }

  private write(text: ByteString, offset: number): void {
    this.bytes += text.length;
    this.step(offset, text.length / LIST_BYTES_PER_STEP);
    if (this.bytes > MAX_TEMPLATE_OUTPUT_BYTES) {
      throw new TemplateFault(`the output is larger than ${MAX_TEMPLATE_OUTPUT_BYTES} bytes`, offset);
    }
    this.written.push(text);
  }

  private step(offset: number, count = 1): void {
    this.steps += count;
    if (this.steps > MAX_TEMPLATE_STEPS) throw tooLong(offset);
  }
}

function countSteps(value: Value): number {
  return typeof value === 'string'
    ? value.length / TEXT_BYTES_PER_STEP
    : measure(value).bytes / LIST_BYTES_PER_STEP;
}

function tooLong(offset: number): TemplateFault {
  return new TemplateFault(`the template runs for more than ${MAX_TEMPLATE_STEPS} steps`, offset);
}

function checkCount(name: ByteString, known: TemplateFunction, count: number, offset: number): void {
  const { parameters, variadic = false } = known;
  const least = variadic ? parameters.length - 1 : parameters.length;
  if (count >= least && (variadic || count <= parameters.length)) return;
  const wanted = variadic ? `at least ${least}` : String(least);
  throw new TemplateFault(`${toText(name)} takes ${wanted} arguments, not ${count}`, offset);
}

function parameterAt(known: TemplateFunction, index: number): TemplateFunction['parameters'][number] {
  return known.parameters[Math.min(index, known.parameters.length - 1)] ?? 'any';
}

function readField(value: Value, name: ByteString, offset: number): Value {
  // A field of nothing is nothing; a field of an interface that holds nothing is a fault.
  if (value === undefined) return undefined;
  if (value === null)
    throw new TemplateFault(`there is nothing that could have a field ${toText(name)}`, offset);
  if (value instanceof GoMap) return value.entries.get(name);
  if (value instanceof GoPair) {
    if (name === 'Key') return value.key;
    if (name === 'Value') return value.value;
  }
  throw new TemplateFault(`${typeName(value)} has no field ${toText(name)}`, offset);
}
