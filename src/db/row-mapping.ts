/** The column type of a field. */
export type FieldKind = 'text' | 'integer' | 'boolean' | 'json' | 'time';

type SnakeCase<Name extends string> = Name extends `${infer Head}${infer Tail}`
  ? Head extends Lowercase<Head>
    ? `${Head}${SnakeCase<Tail>}`
    : `_${Lowercase<Head>}${SnakeCase<Tail>}`
  : Name;

/** The row of a domain object: one column for each field, named in snake case. */
export type Row<T> = { [Field in keyof T & string as SnakeCase<Field>]: T[Field] };

/** Converts between a domain object and its row. */
export interface RowMapping<T> {
  /** Each column with the kind of its field, in the order of the fields. */
  readonly columns: readonly { readonly name: string; readonly kind: FieldKind }[];
  /** For an insert: values in the driver's form, json as text. */
  readonly toRow: (value: T) => Row<T>;
  /** For an update: only the fields of the change. */
  readonly toChange: (change: Partial<T>) => Partial<Row<T>>;
  /** For rows that are sent as one json parameter. */
  readonly toRecord: (value: Partial<T>) => Readonly<Record<string, unknown>>;
  /** From a selected row, or from its `to_jsonb` form; other columns are left out. */
  readonly fromRow: (row: Row<T>) => T;
}

/** Creates the mapping of a domain type; the compiler requires every one of its fields. */
export function createRowMapping<T extends object>(
  kinds: Readonly<Record<keyof T & string, FieldKind>>,
): RowMapping<T> {
  const fields = Object.entries<FieldKind>(kinds).map(([field, kind]) => ({
    field,
    column: toSnakeCase(field),
    kind,
  }));
  const pick = (
    value: Partial<T>,
    convert: (value: unknown, kind: FieldKind) => unknown,
  ): Record<string, unknown> => {
    const result: Record<string, unknown> = {};
    const source = value as Readonly<Record<string, unknown>>;
    for (const { field, column, kind } of fields) {
      if (source[field] !== undefined) result[column] = convert(source[field], kind);
    }
    return result;
  };
  return {
    columns: fields.map(({ column, kind }) => ({ name: column, kind })),
    toRow: (value) => pick(value, toColumnValue) as Row<T>,
    toChange: (change) => pick(change, toColumnValue) as Partial<Row<T>>,
    toRecord: (value) => pick(value, (fieldValue) => fieldValue),
    fromRow(row) {
      const source = row as Readonly<Record<string, unknown>>;
      const result: Record<string, unknown> = {};
      for (const { field, column, kind } of fields) result[field] = fromColumnValue(source[column], kind);
      return result as T;
    },
  };
}

/**
 * JSON text that PostgreSQL accepts: characters that it cannot store in a string (U+0000, half of a
 * surrogate pair) become U+FFFD. Output of commands on nodes may hold either.
 */
export function toJson(value: unknown): string {
  const text = JSON.stringify(value);
  if (!/\\u0000|\\ud[89a-f]/i.test(text)) return text;
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'string' ? toStorableText(part) : part,
  );
}

/** The same for a text column. */
export function toStorableText(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '\uFFFD');
}

function toColumnValue(value: unknown, kind: FieldKind): unknown {
  if (value === null) return null;
  if (kind === 'json') return toJson(value);
  return typeof value === 'string' ? toStorableText(value) : value;
}

function fromColumnValue(value: unknown, kind: FieldKind): unknown {
  // Inside of `to_jsonb` a time has PostgreSQL's own form, with an offset and microseconds.
  return kind === 'time' && typeof value === 'string' ? new Date(value).toISOString() : value;
}

function toSnakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
