import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  explainAnswer,
  findPlaceholders,
  listFormValues,
  parseForm,
  parseJson,
  renderTemplate,
  setConfValue,
  validateConf,
  validatePackage,
  type Template,
} from '../../../src/app-package/index.ts';
import { WindlassError, type Conf } from '../../../src/domain/index.ts';
import { anyConfig, anyForm } from './any-form.ts';
import { confRequest, textFile, toContent, makeCluster } from './packages.ts';

/** What the code answers; an error that is not of the closed list fails the test. */
function answerOf<T>(run: () => T): { readonly value: T } | { readonly error: WindlassError } {
  try {
    return { value: run() };
  } catch (error) {
    if (!WindlassError.isInstance(error)) throw error;
    expect(['invalid-input', 'not-found']).toContain(error.kind);
    return { error };
  }
}

const anyConf = fc.dictionary(
  fc.constantFrom('cluster', 'env', 'a', 'b', '__proto__', 'constructor', 'x y'),
  fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.dictionary(fc.constantFrom('a.b', 'a', '-p', 'toString'), fc.jsonValue({ maxDepth: 1 })),
  ),
  { maxKeys: 4 },
);

// Parts of templates and forms, right and wrong, in any order.
const scraps = fc
  .array(
    fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      ' ',
      '\n',
      '{{',
      '}}',
      '{{cluster.a}}',
      '{{.cluster.a}}',
      '"{{a.b}}"',
      '{{{a}}}',
      '{{! x',
      '{{/* y */}}',
      '{{#a}}',
      '"nodes"',
      '"count"',
      '"container"',
      '{"type": "kvm"}',
      '1',
      'null',
      '"properties"',
      '"key"',
      '-1e5',
    ),
    { maxLength: 24 },
  )
  .map((parts) => parts.join(''));

describe('a package of any content', () => {
  it('is validated without an exception, and parsed with errors of the closed list only', () => {
    const config = fc.oneof(anyConfig, scraps);
    const node = fc.constantFrom(
      '{"nodes": [{"container": {"type": "kvm", "image": "i"}, "count": 1, "cpu": 1, "memory": 1024}]}',
      '{"nodes": [{"container": {"type": "kvm"}, "count": {{env.a}}, "env": {"x": {{env.b}}}, "volume": {"size": {{cluster.a}}, "mount_point": ["/a", "/b"]}}]}',
    );
    const file = fc.constantFrom('cluster.json.mustache', 'cluster.json.tmpl');
    fc.assert(
      fc.property(config, fc.oneof(node, scraps), file, anyConf, (form, template, name, conf) => {
        const files = [textFile('config.json', form), textFile(name, template)];
        const { errors } = validatePackage(files);
        for (const { line, column } of errors) {
          if (line === undefined || column === undefined) continue;
          expect(Math.min(line, column)).toBeGreaterThan(0);
        }
        const answer = answerOf(() => makeCluster(confRequest(toContent(files), conf)));
        // What is refused as a package is what validation calls an error.
        expect('error' in answer && answer.error.code === 'APP_INVALID').toBe(errors.length > 0);
        if ('value' in answer) expect(answer.value.nodes.length).toBeGreaterThan(0);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a conf of any content', () => {
  it('is taken whole or refused with the key of every fault', () => {
    fc.assert(
      fc.property(anyForm, anyConf, (form, conf) => {
        const answer = answerOf(() => validateConf(form, conf));
        if ('error' in answer) {
          expect(answer.error.code).toBe('CONF_INVALID');
          for (const detail of answer.error.details ?? []) expect(detail.field).toEqual(expect.any(String));
          return;
        }
        // Taken again it is the same: nothing is filled in twice or read in another way.
        expect(validateConf(form, answer.value)).toEqual(answer.value);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is what a person typed, where that is taken', () => {
    fc.assert(
      fc.property(
        anyForm,
        fc.oneof(fc.string(), fc.integer().map(String), fc.constantFrom('true', 'no', '')),
        (form, text) => {
          for (const item of listFormValues(form)) {
            const key = item.path.join('.');
            const fault = explainAnswer(item, text);
            const answer = answerOf(() => setConfValue(form, {}, key, text));
            if (fault === null) expect('value' in answer, key).toBe(true);
            expect(item.type === 'password' && text.length > 3 ? (fault ?? '').includes(text) : false).toBe(
              false,
            );
          }
        },
      ),
    );
  });

  it('holds no password in what is said of it', () => {
    const form = parseForm(
      JSON.stringify({
        properties: [
          { key: 'p', label: 'p', type: 'password', required: 'yes', pattern: '^[a-z]+$', range: ['x'] },
        ],
      }),
    );
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Z0-9]{8,20}$/), (password) => {
        const answer = answerOf(() => validateConf(form, { p: password } satisfies Conf));
        if (!('error' in answer)) throw new Error('the password was taken');
        expect(JSON.stringify(answer.error.toInfo())).not.toContain(password);
      }),
    );
  });
});

describe('a placeholder', () => {
  const mustache = (text: string): Template => ({ file: 'cluster.json.mustache', syntax: 'mustache', text });
  const key = fc.stringMatching(/^[A-Za-z0-9_-]{1,5}(\.[A-Za-z0-9_-]{1,5}){0,2}$/);

  it('is found where it was written, quoted or not, whatever text stands around it', () => {
    const text = fc.string({ maxLength: 8 }).map((value) => JSON.stringify(value.replaceAll(/[{}]/g, '')));
    fc.assert(
      fc.property(fc.array(fc.tuple(text, key, fc.boolean()), { maxLength: 5 }), (parts) => {
        const written = parts.flatMap(([around, path, quoted]) => [
          around,
          quoted ? `"{{${path}}}"` : `{{${path}}}`,
        ]);
        const template = mustache(`[${written.join(', ')}]`);
        expect(findPlaceholders(template)).toMatchObject({
          placeholders: parts.map(([, path, quoted]) => ({ path, quoted })),
          faults: [],
        });
        const values = Object.fromEntries(parts.map(([, path], index) => [path, index]));
        const parsed = parseJson(renderTemplate(template, values).text);
        expect('value' in parsed ? parsed.value : parsed).toEqual(
          parts.flatMap(([around, path]) => [JSON.parse(around), values[path]]),
        );
      }),
    );
  });
});

describe('JSON with comments', () => {
  it('has the value that it has without them', () => {
    const space = fc.constantFrom('', ' ', '// "x": {\n', '/* , */', '/**/\n\t', '//\n');
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 3 }),
        fc.array(space, { minLength: 1, maxLength: 5 }),
        (value, spaces) => {
          let at = 0;
          const next = (): string => spaces[(at += 1) % spaces.length] ?? '';
          const write = (part: unknown): string => {
            if (Array.isArray(part))
              return `[${next()}${part.map((one) => `${write(one)}${next()},${next()}`).join('')}]`;
            if (typeof part !== 'object' || part === null) return `${next()}${JSON.stringify(part)}${next()}`;
            const entries = Object.entries(part).map(
              ([name, one]) => `${next()}${JSON.stringify(name)}${next()}:${write(one)},`,
            );
            return `{${entries.join('')}${next()}}`;
          };
          const parsed = parseJson(write(value), { comments: true });
          expect('value' in parsed ? parsed.value : parsed).toEqual(JSON.parse(JSON.stringify(value)));
        },
      ),
    );
  });

  it.each([
    ['{"a": 1 /* open', 'a comment is not closed'],
    ['[1,,2]', 'there is "," where a value is expected'],
    ['{,}', 'there is "," where a key in double quotes is expected'],
    ['[1] # no', 'there is "#" where the end of the text is expected'],
  ])('is refused: %s', (text, message) => {
    expect(parseJson(text, { comments: true })).toMatchObject({ fault: { message } });
  });

  it('has neither comments nor last commas where a package is read', () => {
    for (const text of ['[1,]', '{"a": 1,}', '// x\n1', '1 /* x */'])
      expect(parseJson(text)).toHaveProperty('fault');
  });
});
