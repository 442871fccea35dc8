import fc from 'fast-check';
import { parseForm, type Form } from '../../../src/app-package/index.ts';

const key = fc.constantFrom(
  'cluster',
  'env',
  'service_params',
  'a.b',
  'a',
  'b',
  '-p',
  '4lw',
  '__proto__',
  'toString',
  'x y',
);
const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom('a // b', '/* c */', '"', '\n', '\u2028'),
);
const scalar = fc.oneof(fc.integer(), fc.boolean(), text, fc.constant(null));

/** Properties of an item: each there or not, of the right kind, though they need not fit together. */
const fields = fc.record(
  {
    label: text,
    description: text,
    required: fc.constantFrom('yes', 'no', true, false, 'True', 'maybe'),
    changeable: fc.constantFrom(true, false, 'no'),
    range: fc.array(scalar, { maxLength: 3 }),
    multichoice: fc.boolean(),
    separator: fc.constantFrom(',', ';', ' '),
    min: fc.integer({ min: -5, max: 5 }),
    max: fc.integer({ min: -5, max: 5 }),
    step: fc.integer({ min: -1, max: 3 }),
    pattern: fc.constantFrom('^a', '[0-9]+', ''),
  },
  { requiredKeys: [] },
);

const TYPED: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  string: text,
  password: text,
  service: text,
  integer: fc.integer({ min: -9, max: 9 }),
  number: fc.double({ noNaN: true, noDefaultInfinity: true }),
  boolean: fc.boolean(),
  loadbalancer: fc.array(text, { maxLength: 2 }),
  colour: fc.jsonValue({ maxDepth: 1 }),
};

const value = fc.constantFrom(...Object.keys(TYPED)).chain((type) =>
  fc
    .record({
      type: fc.constant(type),
      fields,
      default: fc.option(TYPED[type] ?? scalar, { nil: undefined }),
    })
    .map((item) => {
      const { multichoice, ...rest } = item.fields;
      // Several choices are joined as text, so that they suit texts only.
      return { ...rest, type, default: item.default, ...(type === 'string' ? { multichoice } : {}) };
    }),
);

const { items } = fc.letrec<{ items: object[] }>((tie) => ({
  items: fc.array(
    fc.oneof(
      { maxDepth: 3 },
      fc.tuple(key, value).map(([name, item]) => ({ key: name, ...item })),
      fc.tuple(key, tie('items')).map(([name, properties]) => ({ key: name, type: 'array', properties })),
    ),
    { maxLength: 4 },
  ),
}));

/** config.json of any package that is valid, as text. */
export const anyConfig: fc.Arbitrary<string> = items
  .map((properties) => JSON.stringify({ type: 'array', properties }))
  .filter(parses);

/** The form of any valid package. */
export const anyForm: fc.Arbitrary<Form> = anyConfig.map(parseForm);

function parses(config: string): boolean {
  try {
    parseForm(config);
    return true;
  } catch {
    return false;
  }
}
