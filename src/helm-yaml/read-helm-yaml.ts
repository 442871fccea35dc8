import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  Scalar,
  visit,
  type Document,
  type Node,
  type YAMLMap,
} from 'yaml';
import { MAX_YAML_DEPTH, MAX_YAML_ALIASED } from '../domain/index.ts';
import type { JsonScalar } from './json.ts';
import { resolvePlain, type ResolvedScalar } from './resolve-scalar.ts';

export type JsonValue = JsonScalar | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** A text that helm cannot read either, with the position; both count from 1. */
export class HelmYamlError extends Error {
  readonly line: number | undefined;
  readonly column: number | undefined;

  constructor(message: string, at?: { readonly line: number; readonly col: number }) {
    super(message);
    this.name = 'HelmYamlError';
    this.line = at?.line;
    this.column = at?.col;
  }
}

/**
 * The first document of a text as helm reads it: by go-yaml's rules, then as JSON. If a key occurs twice,
 * the last counts, and a merge counts at its position. Null if there is no document.
 *
 * @throws HelmYamlError
 */
export function readHelmYaml(text: string): JsonValue {
  const lineCounter = new LineCounter();
  const document = parse(text, lineCounter);
  const fault = document.errors.find(({ code }) => code !== 'MULTIPLE_DOCS');
  if (fault !== undefined) {
    throw new HelmYamlError(fault.message.split('\n')[0] ?? '', lineCounter.linePos(fault.pos[0]));
  }
  return new Reader(document, lineCounter).read(document.contents, 0);
}

function parse(text: string, lineCounter: LineCounter): Document {
  try {
    // Not strict: everything that helm's parser accepts is accepted, such as a bracket at the beginning of
    // a line.
    return parseDocument(text, {
      schema: 'failsafe',
      resolveKnownTags: false,
      strict: false,
      uniqueKeys: false,
      lineCounter,
      prettyErrors: false,
      logLevel: 'silent',
    }) as Document;
  } catch (error) {
    if (error instanceof RangeError) throw new HelmYamlError('it is nested too deeply');
    throw error;
  }
}

const CORE = 'tag:yaml.org,2002:';

class Reader {
  /** The node that each alias refers to: found once, because the library searches the document each time. */
  readonly #targets: ReadonlyMap<unknown, Node>;
  readonly #lineCounter: LineCounter;
  /** The nodes whose values are being read: a node that contains itself would never end. */
  readonly #open = new Set<Node>();
  /** The number of nodes that aliases have produced. */
  #values = 0;

  constructor(document: Document, lineCounter: LineCounter) {
    this.#targets = findTargets(document);
    this.#lineCounter = lineCounter;
  }

  #count(node: unknown, depth: number): void {
    if (this.#open.size > 0) this.#values += 1;
    if (this.#values > MAX_YAML_ALIASED) {
      throw this.#fault(`its aliases come to more than ${MAX_YAML_ALIASED} values`, node);
    }
    if (depth > MAX_YAML_DEPTH) throw this.#fault(`it is nested deeper than ${MAX_YAML_DEPTH}`, node);
  }

  read(node: unknown, depth: number): JsonValue {
    this.#count(node, depth);
    if (node === null || node === undefined) return null;
    if (isAlias(node)) return this.#within(node, this.#resolve(node), depth);
    if (isMap(node)) return this.#readMap(node, depth);
    if (isSeq(node)) return node.items.map((item) => this.read(item, depth + 1));
    if (!isScalar(node)) throw this.#fault('it holds something that is not a value', node);
    const { value, kind } = this.#readScalar(node);
    if (kind === 'float' && !Number.isFinite(value)) throw this.#fault('JSON has no such number', node);
    return value;
  }

  #readMap(node: YAMLMap, depth: number, into: Record<string, JsonValue> = {}): JsonObject {
    for (const { key, value } of node.items) {
      if (isMergeKey(key)) {
        this.#merge(value, depth, into);
        continue;
      }
      // A key may be `__proto__`.
      Object.defineProperty(into, this.#readKey(key), {
        value: this.read(value, depth + 1),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    return into;
  }

  #merge(source: unknown, depth: number, into: Record<string, JsonValue>): void {
    this.#count(source, depth);
    if (isAlias(source)) {
      const target = this.#resolve(source);
      if (!isMap(target)) throw this.#fault('a merge needs a mapping, or a list of mappings', source);
      if (this.#open.has(target)) throw this.#fault('an anchor contains itself', source);
      this.#open.add(target);
      this.#readMap(target, depth + 1, into);
      this.#open.delete(target);
    } else if (isMap(source)) {
      this.#readMap(source, depth + 1, into);
    } else if (isSeq(source)) {
      // If several are merged, the first has the highest priority.
      for (const item of [...source.items].reverse()) {
        const target = isAlias(item) ? this.#resolve(item) : item;
        if (!isMap(target)) throw this.#fault('a merge needs a mapping, or a list of mappings', item);
        this.#merge(item, depth, into);
      }
    } else throw this.#fault('a merge needs a mapping, or a list of mappings', source);
  }

  #readKey(key: unknown): string {
    const node = isAlias(key) ? this.#resolve(key) : key;
    if (node === null || node === undefined || !isScalar(node))
      throw this.#fault('a key is not a scalar', key);
    const { value, kind } = this.#readScalar(node);
    if (kind === 'text') return String(value);
    if (kind === 'bool') return String(value);
    if (kind === 'float') return formatFloatKey(value as number);
    if (kind === 'int' && BigInt(value as number | bigint) < 2n ** 63n) return String(value);
    throw this.#fault('a key is neither text nor a number', key);
  }

  #readScalar(node: Scalar): ResolvedScalar {
    const { source: text = '', tag } = node;
    if (tag !== undefined) return this.#readTagged(node, text, tag);
    return node.type === Scalar.PLAIN ? resolvePlain(text) : asText(text);
  }

  /**
   * Tags that go-yaml knows require their own kind of value; other tags have no meaning, and the value is
   * text.
   */
  #readTagged(node: Scalar, text: string, tag: string): ResolvedScalar {
    const name = tag.startsWith(CORE) ? tag.slice(CORE.length) : '';
    if (name === 'binary') return asText(this.#decode(node, text));
    if (!['bool', 'int', 'float', 'null', 'timestamp'].includes(name)) return asText(text);
    if (name === 'timestamp') return asText(text);
    const found = resolvePlain(text);
    if (found.kind === name) return found;
    if (name === 'float' && found.kind === 'int') return { value: Number(found.value), kind: 'float' };
    throw this.#fault(`${JSON.stringify(text)} is no ${name}`, node);
  }

  #decode(node: Scalar, text: string): string {
    const plain = text.replaceAll(/[\r\n]/g, '');
    if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(plain)) {
      throw this.#fault('!!binary does not hold base64', node);
    }
    return Buffer.from(plain, 'base64').toString('utf8');
  }

  #resolve(node: Node & { readonly source?: string }): Node {
    const target = isAlias(node) ? this.#targets.get(node) : node;
    if (target === undefined) throw this.#fault(`there is no anchor ${node.source ?? ''}`, node);
    return target;
  }

  #within(alias: Node, target: Node, depth: number): JsonValue {
    if (this.#open.has(target)) throw this.#fault('an anchor contains itself', alias);
    this.#open.add(target);
    const value = this.read(target, depth + 1);
    this.#open.delete(target);
    return value;
  }

  #fault(message: string, node: unknown): HelmYamlError {
    const range = (node as { range?: readonly number[] | null } | null)?.range;
    return new HelmYamlError(
      message,
      range?.[0] === undefined ? undefined : this.#lineCounter.linePos(range[0]),
    );
  }
}

/** An alias refers to the last anchor of its name before it. */
function findTargets(document: Document): ReadonlyMap<unknown, Node> {
  const targets = new Map<unknown, Node>();
  const anchors = new Map<string, Node>();
  visit(document, {
    Node(_key, node) {
      if (!isAlias(node)) {
        if (node.anchor !== undefined) anchors.set(node.anchor, node);
        return;
      }
      const target = anchors.get(node.source);
      if (target !== undefined) targets.set(node, target);
    },
  });
  return targets;
}

function asText(text: string): ResolvedScalar {
  return { value: text, kind: 'text' };
}

/** In quotes it is a key like any other. */
function isMergeKey(key: unknown): boolean {
  if (!isScalar(key) || key.source !== '<<') return false;
  return key.tag === undefined ? key.type === Scalar.PLAIN : key.tag === `${CORE}merge`;
}

/** As Go writes a float in its shortest form of 32 bits, which is how a key of a mapping is named. */
function formatFloatKey(value: number): string {
  if (Number.isNaN(value)) return '.nan';
  const single = Math.fround(value);
  if (!Number.isFinite(single)) return single > 0 ? '.inf' : '-.inf';
  if (single === 0) return Object.is(value, -0) || Object.is(single, -0) ? '-0' : '0';
  for (let digits = 1; ; digits += 1) {
    const text = roundToEven(single, digits);
    if (digits < 9 && Math.fround(Number(text)) !== single) continue;
    const [mantissa = '', exponent = '0'] = text.split('e');
    const power = Number(exponent);
    if (power >= -4 && power < 6) return String(Number(text));
    const sign = power < 0 ? '-' : '+';
    return `${mantissa.replace(/\.?(?<!0)0+$/, '')}e${sign}${String(Math.abs(power)).padStart(2, '0')}`;
  }
}

/** With the given number of digits; JavaScript rounds a value in the middle up, Go to the even digit. */
function roundToEven(value: number, digits: number): string {
  const [exact = '', exponent = '0'] = value.toExponential(digits).split('e');
  const isMiddle = exact.endsWith('5') && Number(`${exact}e${exponent}`) === value;
  const cut = exact.slice(0, -1);
  return isMiddle && /[02468]\.?$/.test(cut) ? `${cut}e${exponent}` : value.toExponential(digits - 1);
}
