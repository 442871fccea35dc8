import { toText, type ByteString } from './bytes.ts';
import type { Token, TokenKind } from './lex.ts';
import { readCharacter, readNumber } from './read-number.ts';
import type { Command, Operand, Pipeline } from './syntax.ts';
import { TemplateFault } from './template-fault.ts';
import { unquote } from './unquote.ts';

/** How deep parentheses and blocks may be nested. */
const MAX_DEPTH = 500;

/** Called for every function that a template calls; throws for one that it may not call. */
export type FunctionCheck = (name: string, offset: number) => void;

/**
 * Parses the inside of an action: pipelines of commands with their operands, and the variables that they
 * declare. Reads the tokens once; every fault is thrown as a TemplateFault.
 */
export class PipelineParser {
  /** The variables in scope; the innermost last. */
  protected variables: ByteString[] = ['$'];
  /** The number of open blocks and parentheses. */
  protected depth = 0;
  private readonly tokens: readonly Token[];
  private readonly checkFunction: FunctionCheck;
  private position = 0;

  constructor(tokens: readonly Token[], checkFunction: FunctionCheck) {
    this.tokens = tokens;
    this.checkFunction = checkFunction;
  }

  protected readPipeline(end: 'right' | 'close', context: string): Pipeline {
    this.skipSpace();
    const { offset } = this.peek();
    const { variables, assigns } = this.readVariables(context);
    const commands: Command[] = [];
    for (;;) {
      this.skipSpace();
      const token = this.peek();
      if (token.kind === end) {
        this.next();
        break;
      }
      commands.push(this.readCommand(context));
    }
    checkCommands(commands, context, offset);
    return { commands, variables, assigns, offset };
  }

  /** `$a :=`, `$a =`, and for range `$a, $b :=`. */
  private readVariables(context: string): { variables: readonly ByteString[]; assigns: boolean } {
    const variables: ByteString[] = [];
    for (;;) {
      const start = this.position;
      const token = this.peek();
      if (token.kind !== 'variable') {
        if (variables.length > 0 && token.kind !== 'right' && token.kind !== 'close') {
          throw new TemplateFault('range declares variables only', token.offset);
        }
        return { variables, assigns: false };
      }
      this.next();
      this.skipSpace();
      const sign = this.peek();
      if (sign.kind === 'assign' || sign.kind === 'declare') {
        this.next();
        variables.push(token.text);
        this.variables.push(token.text);
        return { variables, assigns: sign.kind === 'assign' };
      }
      if (sign.kind !== 'char' || sign.text !== ',') {
        this.position = start;
        return { variables, assigns: false };
      }
      this.next();
      variables.push(token.text);
      this.variables.push(token.text);
      if (context !== 'range' || variables.length > 1) {
        throw new TemplateFault(`too many variables are declared in ${context}`, token.offset);
      }
      this.skipSpace();
    }
  }

  private readCommand(context: string): Command {
    const { offset } = this.peek();
    const operands: Operand[] = [];
    for (;;) {
      this.skipSpace();
      const operand = this.readOperand();
      if (operand !== null) operands.push(operand);
      const token = this.peek();
      if (token.kind === 'space') continue;
      if (token.kind === 'pipe') this.next();
      else if (token.kind !== 'right' && token.kind !== 'close') {
        throw new TemplateFault(`${describeToken(token)} is not expected in ${context}`, token.offset);
      }
      break;
    }
    const [first, ...rest] = operands;
    if (first === undefined) throw new TemplateFault('a stage of this pipeline is empty', offset);
    return { operands: [first, ...rest], offset };
  }

  private readOperand(): Operand | null {
    const operand = this.readTerm();
    if (operand === null || this.peek().kind !== 'field') return operand;
    const names: ByteString[] = [];
    while (this.peek().kind === 'field') names.push(this.next().text.slice(1));
    switch (operand.kind) {
      case 'field':
      case 'variable':
        return { ...operand, names: [...operand.names, ...names] };
      case 'bool':
      case 'string':
      case 'number':
      case 'nil':
      case 'dot':
        throw new TemplateFault('a field cannot follow this', operand.offset);
      default:
        return { kind: 'chain', of: operand, names, offset: operand.offset };
    }
  }

  private readTerm(): Operand | null {
    const token = this.peek();
    const { offset, text } = token;
    switch (token.kind) {
      case 'word':
        this.next();
        return this.readWord(text, offset);
      case 'dot':
        this.next();
        return { kind: 'dot', offset };
      case 'variable':
        this.next();
        if (!this.variables.includes(text)) {
          throw new TemplateFault(`the variable ${toText(text)} is not declared`, offset);
        }
        return { kind: 'variable', name: text, names: [], offset };
      case 'field':
        this.next();
        return { kind: 'field', names: [text.slice(1)], offset };
      case 'number':
        this.next();
        return readNumber(text, offset);
      case 'char-constant':
        this.next();
        return readCharacter(text, offset);
      case 'string':
      case 'raw-string': {
        this.next();
        const value = unquote(text);
        if (value === null) throw new TemplateFault('this quotation has a wrong escape', offset);
        return { kind: 'string', value, offset };
      }
      case 'open': {
        this.next();
        this.enter(offset);
        const pipeline = this.readPipeline('close', 'a parenthesis');
        this.depth -= 1;
        return { kind: 'pipeline', pipeline, offset };
      }
      default:
        return null;
    }
  }

  private readWord(text: string, offset: number): Operand {
    if (text === 'true' || text === 'false') return { kind: 'bool', value: text === 'true', offset };
    if (text === 'nil') return { kind: 'nil', offset };
    this.checkFunction(text, offset);
    return { kind: 'function', name: text, offset };
  }

  protected enter(offset: number): void {
    this.depth += 1;
    if (this.depth > MAX_DEPTH) throw new TemplateFault('this is nested too deeply', offset);
  }

  protected expect(kind: TokenKind, where: string): void {
    this.skipSpace();
    const token = this.next();
    if (token.kind !== kind) {
      throw new TemplateFault(`${describeToken(token)} is not expected ${where}`, token.offset);
    }
  }

  protected skipSpace(): void {
    while (this.peek().kind === 'space') this.position += 1;
  }

  protected peek(): Token {
    return this.tokens[this.position] ?? { kind: 'end-of-file', text: '', offset: 0 };
  }

  protected next(): Token {
    const token = this.peek();
    this.position += 1;
    return token;
  }

  protected lastOffset(): number {
    return this.tokens[this.position - 1]?.offset ?? 0;
  }
}

function checkCommands(commands: readonly Command[], context: string, offset: number): void {
  if (commands.length === 0) throw new TemplateFault(`a value is missing in ${context}`, offset);
  for (const command of commands.slice(1)) {
    if (['bool', 'dot', 'nil', 'number', 'string'].includes(command.operands[0].kind)) {
      throw new TemplateFault('only a function can take the value of a pipeline', command.offset);
    }
  }
}

function describeToken(token: Token): string {
  if (token.kind === 'end-of-file') return 'the end of the file';
  return JSON.stringify(toText(token.text));
}
