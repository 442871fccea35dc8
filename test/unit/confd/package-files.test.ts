import { describe, expect, it } from 'vitest';
import { validatePackage } from '../../../src/app-package/index.ts';
import { flattenTree, readConfdFiles, renderFiles } from '../../../src/confd/index.ts';
import { formatProblem } from '../../../src/app-package/index.ts';
import { loadFixture, textFile } from '../app-package/packages.ts';

const RESOURCE = '[template]\nsrc = "a.tmpl"\ndest = "/etc/a.conf"\nkeys = ["/"]\n';

function resource(text: string) {
  return textFile('node/etc/confd/conf.d/a.toml', text);
}

function template(text: string, name = 'a.tmpl') {
  return textFile(`node/etc/confd/templates/${name}`, text);
}

/** The only file of a package with this template; of its resource the keys may be others. */
function renderOnly(
  text: string,
  values: ReturnType<typeof flattenTree> = new Map(),
  { keys = '["/"]', prefix = '/self' }: { keys?: string; prefix?: '/self' | '/' } = {},
): string {
  const { templates } = readConfdFiles([resource(RESOURCE.replace('["/"]', keys)), template(text)]);
  return Buffer.from(renderFiles(templates, values, prefix)[0]?.content ?? []).toString();
}

/** What is said of a package with these files, as a person sees it. */
function findProblems(...files: readonly ReturnType<typeof textFile>[]): readonly string[] {
  const { errors, warnings } = readConfdFiles(files);
  const show = (level: string) => (fault: Parameters<typeof formatProblem>[0]) =>
    `${level} ${formatProblem(fault)}`;
  return [...errors.map(show('error')), ...warnings.map(show('warning'))];
}

describe('resources of conf.d', () => {
  it.for<readonly [string, string, readonly string[]]>([
    ['no TOML', '[template\n', ['error node/etc/confd/conf.d/a.toml:1:']],
    [
      'no table',
      'src = "a.tmpl"',
      ['error node/etc/confd/conf.d/a.toml:1:1: the table [template] is missing'],
    ],
    [
      'no src',
      RESOURCE.replace('src', 'source'),
      [
        'error node/etc/confd/conf.d/a.toml:1:1: src must name a template',
        'warning node/etc/confd/conf.d/a.toml:2:1: confd does not know the key source',
        'warning node/etc/confd/templates/a.tmpl:1:1: no resource of conf.d renders it',
      ],
    ],
    [
      'a src that leads out',
      RESOURCE.replace('"a.tmpl"', '"../a.tmpl"'),
      ['error node/etc/confd/conf.d/a.toml:2:1: src must stay inside the folder of templates'],
    ],
    [
      'a template that is missing',
      RESOURCE.replace('a.tmpl', 'b.tmpl'),
      ['error node/etc/confd/conf.d/a.toml:1:1: its template node/etc/confd/templates/b.tmpl is missing'],
    ],
    [
      'no dest',
      RESOURCE.replace('dest', '#'),
      ['error node/etc/confd/conf.d/a.toml:1:1: dest must name a file'],
    ],
    [
      'a relative dest',
      RESOURCE.replace('/etc/a', 'etc/a'),
      ['error node/etc/confd/conf.d/a.toml:3:1: dest must be an absolute path, without . and ..'],
    ],
    [
      'a dest that leads out',
      RESOURCE.replace('/etc/a', '/etc/../../a'),
      ['error node/etc/confd/conf.d/a.toml:3:1: dest must be an absolute path, without . and ..'],
    ],
    [
      'keys of a wrong type',
      RESOURCE.replace('["/"]', '"/"'),
      ['error node/etc/confd/conf.d/a.toml:4:1: keys must be a list of strings'],
    ],
    [
      'no keys',
      RESOURCE.replace('["/"]', '[]'),
      ['warning node/etc/confd/conf.d/a.toml:4:1: keys is empty: the template sees no metadata'],
    ],
    [
      'a mode that is none',
      `${RESOURCE}mode = "rw"`,
      ['error node/etc/confd/conf.d/a.toml:5:1: mode must be permission bits such as "0644", not "rw"'],
    ],
    [
      'a uid that is none',
      `${RESOURCE}uid = "root"`,
      ['error node/etc/confd/conf.d/a.toml:5:1: uid must be a number'],
    ],
    [
      'a check command that does not parse',
      `${RESOURCE}check_cmd = "x {{.src"`,
      ['error node/etc/confd/conf.d/a.toml:5:1: check_cmd: this action is never closed'],
    ],
    [
      'a reload command of a wrong type',
      `${RESOURCE}reload_cmd = 1`,
      ['error node/etc/confd/conf.d/a.toml:5:1: reload_cmd must be a string'],
    ],
    [
      'a prefix of its own',
      `${RESOURCE}prefix = "/x"`,
      ['warning node/etc/confd/conf.d/a.toml:5:1: the prefix is /self'],
    ],
  ])('with %s are told with their place', ([, text, expected]) => {
    const problems = findProblems(resource(text), template('x'));
    for (const line of expected) expect(problems.join('\n')).toContain(line);
    if (expected.every((line) => line.startsWith('warning'))) {
      expect(problems.filter((problem) => problem.startsWith('error'))).toEqual([]);
    }
  });

  it('may be spelled in any case and hold all that confd knows', () => {
    const text = `${RESOURCE.replace('dest', 'Dest')}MODE = "0600"\nuid = 0\ngid = 12\ncheck_cmd = "test -s {{.src}}"\nreload_cmd = "kill -HUP 1"`;
    const { templates, errors, warnings } = readConfdFiles([resource(text), template('x')]);
    expect({ errors, warnings }).toEqual({ errors: [], warnings: [] });
    expect(templates[0]?.resource).toEqual({
      src: 'a.tmpl',
      dest: '/etc/a.conf',
      keys: ['/'],
      mode: 0o600,
      uid: 0,
      gid: 12,
      checkCommand: 'test -s {{.src}}',
      reloadCommand: 'kill -HUP 1',
    });
  });

  it('come in the order in which confd walks its folder', () => {
    const names = ['b.toml', 'a/z.toml', 'a.toml', 'a/b/c.toml', 'notes.txt'];
    const files = names.map((name) =>
      textFile(`node/etc/confd/conf.d/${name}`, RESOURCE.replace('/etc/a.conf', `/out/${name}`)),
    );
    const { templates } = readConfdFiles([...files, template('x')]);
    expect(templates.map(({ resource: { dest } }) => dest)).toEqual([
      '/out/a/b/c.toml',
      '/out/a/z.toml',
      '/out/a.toml',
      '/out/b.toml',
    ]);
  });
});

describe('templates of a package', () => {
  it.for([
    ['{{getenv "HOME"}}', '1:3: the function getenv is not supported: it reads the machine that renders'],
    ['x\n  {{ datetime }}', '2:6: the function datetime is not supported'],
    ['{{if fileExists "/x"}}{{end}}', '1:6: the function fileExists is not supported'],
    ['{{cgetv "/x"}}', '1:3: the function cgetv is not supported'],
    ['ü{{ nope 1 }}', '1:5: there is no function nope'],
    ['{{if true}}', '1:3: if is never closed by {{end}}'],
    ['a\nb {{ "x }}', '2:6: this quotation is never closed'],
    ['{{$x}}', '1:3: the variable $x is not declared'],
  ] as const)('that cannot run are refused with line and column: %s', async ([text, expected]) => {
    const { files } = await loadFixture('shards');
    const { errors } = validatePackage([...files, resource(RESOURCE), template(text)]);
    expect(errors.map(formatProblem)).toEqual([
      expect.stringContaining(`node/etc/confd/templates/a.tmpl:${expected}`),
    ]);
  });

  it('have every unknown function told, not the first alone', () => {
    expect(findProblems(resource(RESOURCE), template('{{one}}\n{{two (lookupIP "x")}}{{end}}'))).toEqual([
      'error node/etc/confd/templates/a.tmpl:1:3: there is no function one',
      'error node/etc/confd/templates/a.tmpl:2:3: there is no function two',
      expect.stringContaining(
        'error node/etc/confd/templates/a.tmpl:2:8: the function lookupIP is not supported',
      ),
      'error node/etc/confd/templates/a.tmpl:2:23: {{end}} closes nothing',
    ]);
  });
});

describe('renderFiles', () => {
  const values = flattenTree({
    self: { env: { port: '1', other: '2' }, environment: { x: '3' }, host: { ip: '4' } },
    clusters: { 'cl-1': { env: { port: '5' } } },
  });
  const render = (keys: string, text: string): string => renderOnly(text, values, { keys });

  it('shows a template what its keys begin with, as confd does', () => {
    expect(render('["/env"]', '{{getvs "/*/*"}}')).toBe('[1 2 3]');
    expect(render('["/env/"]', '{{getvs "/*/*"}}{{exists "/host/ip"}}')).toBe('[1 2 3]false');
    expect(render('["/env/port", "/host"]', '{{gets "/*/*"}}')).toBe('[{/env/port 1} {/host/ip 4}]');
  });

  it('shows the whole of it to a package with root access', () => {
    const text = '{{range gets "/clusters/*/env/port"}}{{.Value}}{{end}}{{getv "/self/host/ip"}}';
    expect(renderOnly(text, values, { prefix: '/' })).toBe('54');
  });

  it('names every template that fails, with its place, and no value', () => {
    let fault: unknown;
    try {
      renderOnly('x\n{{getv "/none"}}{{getv "/env/port"}}', values);
    } catch (error) {
      fault = error;
    }
    expect(fault).toMatchObject({
      kind: 'conflict',
      code: 'CONFIGURATION_RENDER',
      details: [
        {
          field: 'node/etc/confd/templates/a.tmpl',
          message: 'node/etc/confd/templates/a.tmpl:2:3: getv: the key /none does not exist',
        },
      ],
    });
  });
});

describe('templates that would never end', () => {
  it.for([
    ['a sequence', '{{range seq 1 9999999999}}{{end}}'],
    ['a range', '{{range 999999999}}x{{end}}'],
    ['nested ranges', '{{range 3000}}{{range 3000}}{{$x := 1}}{{end}}{{end}}'],
    ['templates that call each other', '{{define "a"}}{{template "a"}}{{end}}{{template "a"}}'],
    ['an output that grows', '{{range 100000}}{{printf "%1000d" 1}}{{end}}'],
    ['an expression that repeats too much', '{{filter "(a{1000}){1000}" (split "a" ",")}}'],
  ] as const)('are ended: %s', ([, text]) => {
    expect(() => renderOnly(text)).toThrow('a template of the package fails');
  });
});

describe('what AppCenter’s own confd adds', () => {
  it.for([
    ['{{add "1" 2}} {{sub "5" "2"}} {{mul "1.5" 2}} {{div "7" 2}}', '3 3 3 3'],
    ['{{max 1 "2"}} {{min 1 "2"}}', '2 1'],
    ['{{eq "1" 1}} {{ne 1 2.5}} {{lt "9" 10}} {{ge 10 "9"}}', 'true true true true'],
    ['{{filter "^a" (split "a,b,ab" ",")}}', '[a ab]'],
    ['{{toJson (map "b" 1 "a" (split "<,&" ","))}}', '{"a":["\\u003c","\\u0026"],"b":1}'],
  ] as const)('%s', ([text, expected]) => {
    expect(renderOnly(text)).toBe(expected);
  });
});
