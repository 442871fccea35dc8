import fc from 'fast-check';
import { expect, it } from 'vitest';
import { maskSecrets } from '../../../src/nodes/index.ts';

it('takes secrets out as they are, as JSON and as URLs write them', () => {
  const secret = 'a"b c\\d';
  const text = `${secret} ${JSON.stringify({ secret })} https://u:${encodeURIComponent(secret)}@host`;
  expect(maskSecrets(text, [secret])).toBe('****** {"secret":"******"} https://u:******@host');
});

it('leaves nothing of a secret that contains another', () => {
  expect(maskSecrets('pass password', ['pass', 'password'])).toBe('****** ******');
});

it('ignores an empty secret', () => {
  expect(maskSecrets('text', [''])).toBe('text');
});

it('leaves no recognizable part of a secret at either end of a window', () => {
  const word = fc.string({ minLength: 4, maxLength: 20, unit: fc.constantFrom('x', 'y', 'z') });
  fc.assert(
    fc.property(word, fc.nat(40), fc.nat(40), (secret, start, length) => {
      const text = `${'.'.repeat(15)}${secret}${'.'.repeat(15)}`;
      const window = text.slice(start, start + length);
      const masked = maskSecrets(window, [secret], { cutAtStart: true, cutAtEnd: true });
      const rest = masked.replace(/[.*]/g, '');
      expect(rest.length).toBeLessThan(window.includes(secret) ? 1 : secret.length);
      if (!window.includes(secret) && (window.startsWith('.') || window.endsWith('.')))
        expect(rest.length).toBeLessThan(3);
    }),
  );
});
