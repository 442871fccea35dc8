import { toText, type ByteString } from './bytes.ts';
import { lex, type Token, type TokenKind } from './lex.ts';
import { readCharacter, readNumber } from './read-number.ts';
import type { Command, Node, Operand, ParsedTemplate, Pipeline } from './syntax.ts';
import { TemplateFault } from './template-fault.ts';
import { unquote } from './unquote.ts';

/** How deep parentheses and blocks may be nested. */
const MAX_DEPTH = 500;

/** Called for every function that a template calls; throws for one that it may not call. */
export type FunctionCheck = (name: string, offset: number) => void;

/**
 * Reads a template.
 *
 * @throws TemplateFault for the first fault of its text; what `checkFunction` throws.
 */
export function parseTemplate(source: ByteString, checkFunction: FunctionCheck): ParsedTemplate {
  const parser = new Parser(lex(source), checkFunction);
  return { root: parser.readAll(), definitions: parser.definitions };
}

type Ending = 'end' | 'else';

class Parser {
  readonly definitions = new Map<ByteString, readonly Node[]>();
  private readonly tokens: readonly Token[];
  private readonly checkFunction: FunctionCheck;
  private position = 0;
  private variables: ByteString[] = ['$'];
  private rangeDepth = 0;
  private depth = 0;

  constructor(tokens: readonly Token[], checkFunction: FunctionCheck) {
    this.tokens = tokens;
    this.checkFunction = checkFunction;
  }

  readAll(): readonly Node[] {
    const nodes: Node[] = [];
    while (this.peek().kind !== 'end-of-file') {
      const { offset } = this.peek();
      const next = this.readNode(true);
      if (next === 'end' || next === 'else') {
        throw new TemplateFault(`{{${next}}} closes nothing`, offset);
      }
      if (next !== null) nodes.push(next);
    }
    return nodes;
  }

  /** One node; or the word that ends a list; or null for a definition, which has no place of its own. */
  private readNode(atTop: boolean): Node | Ending | null {
    const token = this.next();
    if (token.kind === 'text') return { kind: 'text', text: token.text, offset: token.offset };
    this.skipSpace();
    const word = this.peek();
    if (word.kind !== 'word') return this.readAction(word.offset);
    switch (word.text) {
      case 'define':
        if (!atTop) throw new TemplateFault('{{define}} stands at the top of a template only', word.offset);
        this.next();
        return this.readDefinition(word.offset);
      case 'block':
        this.next();
        return this.readBlock(word.offset);
      case 'template':
        this.next();
        return this.readTemplateCall(word.offset);
      case 'if':
      case 'with':
      case 'range':
        this.next();
        return this.readControl(word.text, word.offset);
      case 'end':
        this.next();
        this.expect('right', 'after end');
        return 'end';
      case 'else':
        this.next();
        return this.readElse();
      case 'break':
      case 'continue':
        return this.readJump(word.text, word.offset);
      default:
        return this.readAction(word.offset);
    }
  }

  private readAction(offset: number): Node {
    return { kind: 'action', pipeline: this.readPipeline('right', 'an action'), offset };
  }

  /** `else if` and `else with` keep their word for the list that follows. */
  private readElse(): Ending {
    this.skipSpace();
    const next = this.peek();
    const goesOn = next.kind === 'word' && (next.text === 'if' || next.text === 'with');
    if (!goesOn) this.expect('right', 'after else');
    return 'else';
  }

  /** Outside a range these words name functions, which nobody has. */
  private readJump(kind: 'break' | 'continue', offset: number): Node {
    if (this.rangeDepth === 0) throw new TemplateFault(`{{${kind}}} stands outside a range`, offset);
    this.next();
    this.expect('right', `after ${kind}`);
    return { kind, offset };
  }

  private readDefinition(offset: number): null {
    const name = this.readName('define');
    this.skipSpace();
    this.expect('right', 'after the name of a definition');
    this.define(name, () => this.readBody('define', offset).nodes);
    return null;
  }

  private readBlock(offset: number): Node {
    const name = this.readName('block');
    const pipeline = this.readPipeline('right', 'block');
    this.define(name, () => this.readBody('block', offset).nodes);
    return { kind: 'template', name, pipeline, offset };
  }

  /** What is defined knows no variable of its surroundings. */
  private define(name: ByteString, read: () => readonly Node[]): void {
    const { variables, rangeDepth } = this;
    this.variables = ['$'];
    this.rangeDepth = 0;
    const nodes = read();
    this.variables = variables;
    this.rangeDepth = rangeDepth;
    const known = this.definitions.get(name);
    // Of two definitions one may be empty, whichever comes first.
    if (known === undefined || isEmpty(known)) this.definitions.set(name, nodes);
    else if (!isEmpty(nodes)) throw new TemplateFault(`${toText(name)} is defined twice`, this.lastOffset());
  }

  private readTemplateCall(offset: number): Node {
    const name = this.readName('template');
    this.skipSpace();
    if (this.peek().kind === 'right') {
      this.next();
      return { kind: 'template', name, pipeline: null, offset };
    }
    return { kind: 'template', name, pipeline: this.readPipeline('right', 'template'), offset };
  }

  private readName(after: string): ByteString {
    this.skipSpace();
    const token = this.next();
    const name = token.kind === 'string' || token.kind === 'raw-string' ? unquote(token.text) : null;
    if (name === null) throw new TemplateFault(`a quoted name must follow ${after}`, token.offset);
    return name;
  }

  private readControl(kind: 'if' | 'with' | 'range', offset: number): Node {
    this.enter(offset);
    const known = this.variables.length;
    const pipeline = this.readPipeline('right', kind);
    if (kind === 'range') this.rangeDepth += 1;
    const { nodes, ending } = this.readBody(kind, offset, true);
    if (kind === 'range') this.rangeDepth -= 1;
    const otherwise = ending === 'else' ? this.readOtherwise(kind, offset) : null;
    this.variables.length = known;
    this.depth -= 1;
    return { kind, pipeline, body: nodes, otherwise, offset };
  }

  private readOtherwise(kind: 'if' | 'with' | 'range', start: number): readonly Node[] {
    const next = this.peek();
    if (next.kind === 'word' && next.text === kind && kind !== 'range') {
      this.next();
      return [this.readControl(kind, next.offset)];
    }
    // A bare {{else}} has taken its delimiter: a word can only be that of a control of another kind.
    if (next.kind === 'word') {
      throw new TemplateFault(`{{else ${next.text}}} cannot follow ${kind}`, next.offset);
    }
    return this.readBody(kind, start).nodes;
  }

  private readBody(kind: string, start: number, mayElse = false): { nodes: readonly Node[]; ending: Ending } {
    const nodes: Node[] = [];
    while (this.peek().kind !== 'end-of-file') {
      const next = this.readNode(false);
      if (next === 'end' || next === 'else') {
        if (next === 'else' && !mayElse) {
          throw new TemplateFault(`${kind} takes no {{else}} here`, this.lastOffset());
        }
        return { nodes, ending: next };
      }
      if (next !== null) nodes.push(next);
    }
    throw new TemplateFault(`${kind} is never closed by {{end}}`, start);
  }

  private readPipeline(end: 'right' | 'close', context: string): Pipeline {
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

  private enter(offset: number): void {
    this.depth += 1;
    if (this.depth > MAX_DEPTH) throw new TemplateFault('this is nested too deeply', offset);
  }

  private expect(kind: TokenKind, where: string): void {
    this.skipSpace();
    const token = this.next();
    if (token.kind !== kind) {
      throw new TemplateFault(`${describeToken(token)} is not expected ${where}`, token.offset);
    }
  }

  private skipSpace(): void {
    while (this.peek().kind === 'space') this.position += 1;
  }

  private peek(): Token {
    return this.tokens[this.position] ?? { kind: 'end-of-file', text: '', offset: 0 };
  }

  private next(): Token {
    const token = this.peek();
    this.position += 1;
    return token;
  }

  private lastOffset(): number {
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

function isEmpty(nodes: readonly Node[]): boolean {
  return nodes.every((node) => node.kind === 'text' && /^[ \t\r\n\v\f\x85\xa0]*$/.test(node.text));
}
