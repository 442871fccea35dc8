import type { RandomSource } from '../faults/random.ts';

/** What an expression gives. */
type Type = 'string' | 'int' | 'bool' | 'strings' | 'pairs' | 'map' | 'any';

interface Scope {
  readonly random: RandomSource;
  /** Variables by what they hold. */
  readonly variables: readonly (readonly [string, Type])[];
  readonly depth: number;
}

/** A template that a seed decides: nested controls and calls of every function, mostly of fitting types. */
export function generateTemplate(random: RandomSource): string {
  const parts = Array.from({ length: 1 + random.pickNumber(5) }, () =>
    statement({ random, variables: [], depth: 0 }),
  );
  const definition = '{{define "t"}}<{{.}}>{{end}}{{define "u"}}{{with .}}{{len .}}{{end}}{{end}}';
  return definition + parts.join(pick(random, ['', ' ', '\n', 'text\n', '\n\n  ', 'é']));
}

function statement(scope: Scope): string {
  const { random } = scope;
  const deep = scope.depth > 3;
  const type = pick(random, ['string', 'int', 'bool', 'strings', 'pairs', 'map', 'any'] as const);
  switch (deep ? random.pickNumber(2) : random.pickNumber(9)) {
    case 0:
      return action(scope, expression(type, scope));
    case 1:
      return action(scope, piped(scope));
    case 2: {
      const otherwise =
        random.pickNumber(2) === 0 ? '' : `${action(scope, 'else')}${statement(inner(scope))}`;
      return `${action(scope, `if ${expression(type, scope)}`)}${statement(inner(scope))}${otherwise}${action(scope, 'end')}`;
    }
    case 3: {
      const more = `${action(scope, `else if ${expression('bool', scope)}`)}${statement(inner(scope))}`;
      return `${action(scope, `if ${expression('bool', scope)}`)}${statement(inner(scope))}${more}${action(scope, 'end')}`;
    }
    case 4:
      return range(scope);
    case 5:
      return `${action(scope, `with ${expression(type, scope)}`)}${statement(inner(scope))}${action(scope, 'end')}`;
    case 6: {
      const name = variableName(scope);
      const body = statement(inner(scope, [name, type]));
      return `${action(scope, `${name} := ${expression(type, scope)}`)}${body}${action(scope, `${name} = ${expression(type, scope)}`)}${statement(inner(scope, [name, type]))}`;
    }
    case 7:
      return action(
        scope,
        `template "${pick(random, ['t', 'u', 'nowhere'] as const)}" ${expression(type, scope)}`,
      );
    default:
      return `{{/* ${pick(random, ['a comment', '}} {{', 'é'])} */}}`;
  }
}

function range(scope: Scope): string {
  const { random } = scope;
  const name = variableName(scope);
  const [over, element] = pick(random, [
    ['strings', 'string'],
    ['pairs', 'any'],
    ['int', 'int'],
    ['map', 'any'],
  ] as const);
  // A count of rounds may be large by chance: a range over a number names a small one.
  const list = over === 'int' ? String(random.pickNumber(4)) : expression(over, scope);
  const two = random.pickNumber(3) === 0 && over !== 'int';
  const head = pick(random, [
    `range ${list}`,
    two ? `range $i, ${name} := ${list}` : `range ${name} := ${list}`,
  ]);
  const known: readonly (readonly [string, Type])[] = head.includes(':=') ? [[name, element]] : [];
  const body = statement({ ...inner(scope), variables: [...scope.variables, ...known] });
  const jump =
    random.pickNumber(6) === 0
      ? `{{if ${expression('bool', scope)}}}{{${pick(random, ['break', 'continue'])}}}{{end}}`
      : '';
  const field = over === 'pairs' && known.length > 0 ? `{{${name}.Key}}={{${name}.Value}};` : '{{.}};';
  const otherwise = random.pickNumber(3) === 0 ? '{{else}}none' : '';
  return `${action(scope, head)}${jump}${field}${body}${otherwise}${action(scope, 'end')}`;
}

/** Trim markers now and then. */
function action({ random }: Scope, text: string): string {
  const left = pick(random, ['{{', '{{', '{{ ', '{{- ']);
  const right = pick(random, ['}}', '}}', ' }}', ' -}}']);
  return `${left}${text}${right}`;
}

function piped(scope: Scope): string {
  const { random } = scope;
  return pick(random, [
    () => `${expression('string', scope)} | toUpper`,
    () => `${expression('string', scope)} | printf "%-8s|%v" ${expression('int', scope)}`,
    () => `${expression('strings', scope)} | len | printf "%d"`,
    () => `${expression('string', scope)} | base64Encode | base64Decode | printf "%q"`,
    () => `${expression('any', scope)} | printf "${pick(random, ['%v', '%s', '%d', '%q', '%5v', '%T'])}"`,
    () => `${expression('bool', scope)} | not | or ${expression('bool', scope)}`,
    () => `${expression('string', scope)} | html | urlquery`,
    () => `${expression('string', scope)} | js`,
  ])();
}

function expression(type: Type, scope: Scope): string {
  const { random } = scope;
  // Now and then one of a wrong type; but a numeral for a number is what only AppCenter's own confd takes.
  const known = scope.variables.filter(
    ([, holds]) => holds === type || (holds !== 'string' && holds !== 'any' && random.pickNumber(20) === 0),
  );
  const variable = known[random.pickNumber(Math.max(1, known.length))];
  if (variable !== undefined && random.pickNumber(2) === 0) return variable[0];
  if (scope.depth > 5) return leaf(type, random);
  const deeper = { ...scope, depth: scope.depth + 1 };
  const call = pick(random, CALLS[type])(deeper);
  // A call as an argument stands in parentheses; at the start of an action they do no harm.
  return random.pickNumber(3) === 0 ? leaf(type, random) : `(${call})`;
}

function leaf(type: Type, random: RandomSource): string {
  return pick(random, LEAVES[type]);
}

const KEYS = [
  '/host/ip',
  '/env/port',
  '/env/name',
  '/env/json',
  '/env/empty',
  '/env/ratio',
  '/host/sid',
  '/env/web.console',
  '/nowhere',
];
const PATTERNS = [
  '/hosts/*/*/ip',
  '/hosts/master/*/sid',
  '/host/*',
  '/env/[a-m]*',
  '/hosts/[^m]*/i-??/*',
  '/nowhere/*',
  '/cl*/*',
  '/hosts/*/i-?/ip',
  '*',
];
const PATHS = [
  '/',
  '/hosts',
  '/hosts/',
  '/hosts/master',
  '/host',
  '/host/ip',
  '/nowhere',
  '/env',
  'hosts',
  '/cluster/endpoints',
];

const LEAVES: Readonly<Record<Type, readonly string[]>> = {
  string: ['"a,b,c"', '"x"', '""', '`raw\\n`', '"zü\\t\\u00e9"', '"/a/b.conf"', '"12"', '"true"'],
  int: ['0', '1', '7', '-3', '0x1F', "'a'", '100'],
  bool: ['true', 'false'],
  strings: ['(split "b,a,ccc" ",")', '(getvs "/hosts/*/*/ip")', '(ls "/hosts")'],
  pairs: ['(gets "/hosts/*/*/ip")', '(gets "/nowhere/*")'],
  map: ['(json (getv "/env/json"))', '(map "k" 1 "l" "m")', '(map)'],
  any: ['.', 'nil', '$', '1.5', '2', '"s"', '(seq 2 4)', '(jsonArray (getv "/env/array"))'],
};

type Call = (scope: Scope) => string;

const CALLS: Readonly<Record<Type, readonly Call[]>> = {
  string: [
    ({ random }) => `getv "${pick(random, KEYS)}"`,
    (scope) => `getv "${pick(scope.random, KEYS)}" ${expression('string', scope)}`,
    (scope) => `toUpper ${expression('string', scope)}`,
    (scope) => `toLower ${expression('string', scope)}`,
    (scope) => `base ${expression('string', scope)}`,
    (scope) => `dir ${expression('string', scope)}`,
    (scope) => `join ${expression('strings', scope)} ${expression('string', scope)}`,
    (scope) =>
      `replace ${expression('string', scope)} ${leaf('string', scope.random)} ${leaf('string', scope.random)} ${pick(scope.random, ['-1', '0', '1', '2'])}`,
    (scope) => `trimSuffix ${expression('string', scope)} ${leaf('string', scope.random)}`,
    (scope) => `base64Encode ${expression('string', scope)}`,
    (scope) => `base64Decode (base64Encode ${expression('string', scope)})`,
    (scope) => `print ${expression('any', scope)} ${expression('any', scope)}`,
    (scope) => `println ${expression('any', scope)}`,
    (scope) =>
      `printf "${pick(scope.random, ['%v %v', '%s-%d', '%q%5d', '%-6v|%+v', '%x %t', '%08.3f %s'])}" ${expression('string', scope)} ${expression('int', scope)}`,
    (scope) => `html ${expression('any', scope)}`,
    (scope) => `slice ${expression('string', scope)} 0 ${pick(scope.random, ['0', '1', '3'])}`,
    (scope) => `index ${expression('strings', scope)} ${pick(scope.random, ['0', '1', '9'])}`,
  ],
  int: [
    (scope) => `len ${expression(pick(scope.random, ['string', 'strings', 'pairs', 'map'] as const), scope)}`,
    (scope) => `add ${expression('int', scope)} ${expression('int', scope)}`,
    (scope) => `sub ${expression('int', scope)} ${expression('int', scope)}`,
    (scope) => `mul ${expression('int', scope)} ${expression('int', scope)}`,
    (scope) => `div ${expression('int', scope)} ${expression('int', scope)}`,
    (scope) => `mod ${expression('int', scope)} ${expression('int', scope)}`,
    ({ random }) => `atoi (getv "${pick(random, ['/env/port', '/host/sid', '/env/name'])}")`,
  ],
  bool: [
    (scope) => `eq ${expression('string', scope)} ${expression('string', scope)}`,
    (scope) => `eq ${expression('int', scope)} ${expression('int', scope)} ${expression('int', scope)}`,
    (scope) =>
      `${pick(scope.random, ['lt', 'le', 'gt', 'ge', 'ne'])} ${expression('int', scope)} ${expression('int', scope)}`,
    (scope) =>
      `${pick(scope.random, ['lt', 'le', 'gt', 'ge', 'ne'])} ${expression('string', scope)} ${expression('string', scope)}`,
    (scope) => `and ${expression('any', scope)} ${expression('bool', scope)}`,
    (scope) => `or ${expression('bool', scope)} ${expression('any', scope)}`,
    (scope) => `not ${expression('any', scope)}`,
    ({ random }) => `exists "${pick(random, KEYS)}"`,
    (scope) => `contains ${expression('string', scope)} ${leaf('string', scope.random)}`,
    ({ random }) => `parseBool "${pick(random, ['1', 't', 'FALSE', 'yes'])}"`,
  ],
  strings: [
    ({ random }) => `getvs "${pick(random, PATTERNS)}"`,
    ({ random }) => `ls "${pick(random, PATHS)}"`,
    ({ random }) => `lsdir "${pick(random, PATHS)}"`,
    (scope) => `split ${expression('string', scope)} ${pick(scope.random, ['","', '""', '"/"', '"a"'])}`,
    (scope) => `reverse ${expression('strings', scope)}`,
    (scope) => `sortByLength ${expression('strings', scope)}`,
  ],
  pairs: [
    ({ random }) => `gets "${pick(random, PATTERNS)}"`,
    (scope) => `sortKVByLength ${expression('pairs', scope)}`,
    (scope) => `reverse ${expression('pairs', scope)}`,
  ],
  map: [
    () => 'json (getv "/env/json")',
    (scope) => `map "k" ${expression('any', scope)} "other" ${expression('string', scope)}`,
    () => 'index (json (getv "/env/json")) "c"',
  ],
  any: [
    (scope) => expression(pick(scope.random, ['string', 'int', 'bool', 'strings', 'map'] as const), scope),
    () => 'seq 1 3',
    ({ random }) =>
      `(json (getv "/env/json")).${pick(random, ['a', 'b', 'c', 'c.d', 'n', 'big', 'small', 'nowhere', 'nowhere.x', 'n.x'])}`,
    ({ random }) => `get "${pick(random, KEYS)}"`,
    ({ random }) => `(get "/host/ip").${pick(random, ['Key', 'Value', 'Other'])}`,
  ],
};

function inner(scope: Scope, ...known: readonly (readonly [string, Type])[]): Scope {
  return { ...scope, depth: scope.depth + 1, variables: [...scope.variables, ...known] };
}

function variableName({ random }: Scope): string {
  return pick(random, ['$x', '$y', '$zü']);
}

function pick<Item>(random: RandomSource, items: readonly [Item, ...Item[]] | readonly Item[]): Item {
  const item = items[random.pickNumber(items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}
