import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findPlaceholders, renderTemplate, type Template } from '../../../src/app-package/index.ts';

const mustache = (text: string): Template => ({ file: 'cluster.json.mustache', syntax: 'mustache', text });
const tmpl = (text: string): Template => ({ file: 'cluster.json.tmpl', syntax: 'tmpl', text });

describe('renderTemplate', () => {
  const key = fc.stringMatching(/^[A-Za-z0-9_-]{1,6}(\.[A-Za-z0-9_-]{1,6}){0,2}$/);

  it('writes any value as JSON, whatever dots its keys hold', () => {
    fc.assert(
      fc.property(fc.array(key, { minLength: 1, maxLength: 4 }), fc.jsonValue(), (keys, value) => {
        const values = keys.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
        const rendered = renderTemplate(
          mustache(`{"v": {{${keys.join('.')}}}}`),
          values as Record<string, unknown>,
        );
        expect(JSON.parse(rendered.text)).toEqual({ v: JSON.parse(JSON.stringify(value)) });
      }),
    );
  });

  it('leads every offset after a placeholder back to the same character of the template', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('{{a}}', '{{ b }}', '"x"', '\n', ' , '), fc.nat(3))),
        (parts) => {
          const text = `${parts.map(([part, times]) => part.repeat(times)).join('|')}#`;
          const rendered = renderTemplate(mustache(text), { a: 'a long value', b: 1 });
          for (let offset = 0; offset < rendered.text.length; offset += 1) {
            if (rendered.text[offset] !== '|' && rendered.text[offset] !== '#') continue;
            expect(text[rendered.toTemplateOffset(offset)]).toBe(rendered.text[offset]);
          }
        },
      ),
    );
  });

  it('prefers the longer key and takes back what leads nowhere', () => {
    const values = { env: { 'a.b': { x: 1 }, a: { b: { x: 2 }, 'b.c': 3 } } };
    expect(renderTemplate(mustache('[{{env.a.b.x}}, {{env.a.b.c}}]'), values).text).toBe('[1, 3]');
  });

  it('reads a leading dot in a .tmpl file and keys that begin with a dash or a digit', () => {
    const values = { env: { '-p': 11211, '4lw.commands': 'x' } };
    expect(renderTemplate(tmpl('[{{.env.-p}},{{ .env.4lw.commands }}]'), values).text).toBe('[11211,"x"]');
  });

  it('takes no value from the prototype of an object', () => {
    expect(renderTemplate(mustache('{{constructor}}{{env.toString}}'), { env: {} }).text).toBe('nullnull');
  });

  it('keeps quotes, braces and newlines of a value inside its JSON string', () => {
    const rendered = renderTemplate(mustache('{"v":{{v}}}'), { v: '"}}\n{{v}}' });
    expect(JSON.parse(rendered.text)).toEqual({ v: '"}}\n{{v}}' });
  });

  it.each([
    ['{{}}', 'an empty placeholder'],
    ['{{#each nodes}}', 'a placeholder is a dotted path'],
    ['"a {{b}}"', 'a placeholder is a whole value'],
    ['{{range a}}', 'there are no sections, conditions, loops or functions'],
    ['{{a b}}', 'a placeholder is a dotted path'],
  ])('takes %s for no placeholder', (text, message) => {
    const { placeholders, faults } = findPlaceholders(mustache(text));
    expect(placeholders).toEqual([]);
    expect(faults[0]?.message).toContain(message);
  });

  it('takes a placeholder between quotes for the value itself, and triple braces for double', () => {
    const values = { n: 3, s: 'a"b' };
    expect(renderTemplate(tmpl('{"n": "{{.n}}", "\\"": "{{ .s }}"}'), values).text).toBe(
      '{"n": 3, "\\"": "a\\"b"}',
    );
    expect(renderTemplate(mustache('["{{n}}", {{{s}}}, {{& n}}]'), values).text).toBe('[3, "a\\"b", 3]');
    expect(renderTemplate(tmpl('[{{- .n -}}]'), values).text).toBe('[3]');
  });

  it('leaves comments out, whatever they hold', () => {
    expect(renderTemplate(mustache('[1{{! , "{{2}}" ]'), {}).text).toBe('[1" ]');
    expect(renderTemplate(mustache('[1{{! a: ["b"],\n }}]'), {}).text).toBe('[1]');
    expect(renderTemplate(tmpl('[1{{/* {a}, "b" */}}{{- /* c */ -}}]'), {}).text).toBe('[1]');
    expect(findPlaceholders(mustache('{{! a }}'))).toEqual({ placeholders: [], faults: [] });
  });

  it('wants the leading dot in a .tmpl file', () => {
    expect(findPlaceholders(tmpl('{{cluster.name}}')).faults[0]?.message).toContain('{{.cluster.name}}');
  });
});
