import { toText, type ByteString } from './bytes.ts';
import { lex } from './lex.ts';
import { PipelineParser, type FunctionCheck } from './parse-pipeline.ts';
import type { Node, ParsedTemplate } from './syntax.ts';
import { TemplateFault } from './template-fault.ts';
import { unquote } from './unquote.ts';

/**
 * Parses a template.
 *
 * @throws TemplateFault for the first fault of its text; the errors of `checkFunction`.
 */
export function parseTemplate(source: ByteString, checkFunction: FunctionCheck): ParsedTemplate {
  const parser = new Parser(lex(source), checkFunction);
  return { root: parser.readAll(), definitions: parser.definitions };
}

type Ending = 'end' | 'else';

class Parser extends PipelineParser {
  readonly definitions = new Map<ByteString, readonly Node[]>();
  private rangeDepth = 0;

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

  /** One node; or the word that ends a list; or null for a definition, which is not part of the list. */
  private readNode(atTop: boolean): Node | Ending | null {
    const token = this.next();
    if (token.kind === 'text') return { kind: 'text', text: token.text, offset: token.offset };
    this.skipSpace();
    const word = this.peek();
    if (word.kind !== 'word') return this.readAction(word.offset);
    switch (word.text) {
      case 'define':
        if (!atTop)
          throw new TemplateFault('{{define}} is allowed only at the top of a template', word.offset);
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

  /** Outside a range these words name functions, and no such functions exist. */
  private readJump(kind: 'break' | 'continue', offset: number): Node {
    if (this.rangeDepth === 0) throw new TemplateFault(`{{${kind}}} is outside a range`, offset);
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

  /** A defined template does not know the variables around it. */
  private define(name: ByteString, read: () => readonly Node[]): void {
    const { variables, rangeDepth } = this;
    this.variables = ['$'];
    this.rangeDepth = 0;
    const nodes = read();
    this.variables = variables;
    this.rangeDepth = rangeDepth;
    const known = this.definitions.get(name);
    // Of two definitions one may be empty, in any order.
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
    // A bare {{else}} has consumed its delimiter: a word here can only start a control of another kind.
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
}

function isEmpty(nodes: readonly Node[]): boolean {
  return nodes.every((node) => node.kind === 'text' && /^[ \t\r\n\v\f\x85\xa0]*$/.test(node.text));
}
