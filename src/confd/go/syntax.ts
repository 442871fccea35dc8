import type { ByteString } from './bytes.ts';

interface Placed {
  /** Byte offset in the template's text. */
  readonly offset: number;
}

/** A number as it is written; its type depends on where it is used. */
export interface NumberNode extends Placed {
  readonly kind: 'number';
  readonly text: string;
  /** Set if it has a value as an int. */
  readonly int: bigint | null;
  readonly float: number;
  /** Whether it is a float64 where any type is allowed. */
  readonly isFloat: boolean;
}

/** An expression that has a value. */
export type Operand =
  | (Placed & { readonly kind: 'dot' | 'nil' })
  | (Placed & { readonly kind: 'bool'; readonly value: boolean })
  | (Placed & { readonly kind: 'string'; readonly value: ByteString })
  | NumberNode
  | (Placed & { readonly kind: 'function'; readonly name: string })
  | (Placed & { readonly kind: 'field'; readonly names: readonly ByteString[] })
  | (Placed & {
      readonly kind: 'variable';
      readonly name: ByteString;
      readonly names: readonly ByteString[];
    })
  | (Placed & { readonly kind: 'chain'; readonly of: Operand; readonly names: readonly ByteString[] })
  | (Placed & { readonly kind: 'pipeline'; readonly pipeline: Pipeline });

/** One stage of a pipeline: an operand, or a function with its arguments. */
export interface Command extends Placed {
  readonly operands: readonly [Operand, ...Operand[]];
}

export interface Pipeline extends Placed {
  readonly commands: readonly Command[];
  /** Variables that get the value. */
  readonly variables: readonly ByteString[];
  /** `=` instead of `:=`. */
  readonly assigns: boolean;
}

export type Node =
  | (Placed & { readonly kind: 'text'; readonly text: ByteString })
  | (Placed & { readonly kind: 'action'; readonly pipeline: Pipeline })
  | (Placed & { readonly kind: 'break' | 'continue' })
  | (Placed & {
      readonly kind: 'if' | 'with' | 'range';
      readonly pipeline: Pipeline;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[] | null;
    })
  | (Placed & { readonly kind: 'template'; readonly name: ByteString; readonly pipeline: Pipeline | null });

/** A parsed text: its own nodes, and the templates that it defines by name. */
export interface ParsedTemplate {
  readonly root: readonly Node[];
  readonly definitions: ReadonlyMap<ByteString, readonly Node[]>;
}
