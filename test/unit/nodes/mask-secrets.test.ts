import fc from 'fast-check';
import { expect, it } from 'vitest';
import { maskSecrets } from '../../../src/nodes/index.ts';
import { HOSTILE_TEXTS } from '../masking/hostile-texts.ts';
import { WRITERS } from '../masking/spelling-table.ts';

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

it.each(Object.entries(WRITERS).filter(([how]) => !/^base64 (between|of)/.test(how)))(
  'takes a password out that a program has printed as %s',
  (_, write) => {
    const secret = `it's "q" <x>`;
    const masked = maskSecrets(`the password is ${write(secret)}\n`, [secret]);
    expect(masked).toContain('******');
    expect(masked.replace('the password is', '')).not.toMatch(/it|q|x|69|74|SX|l0/i);
  },
);

it.each(['a', '7', 'abc', ' a b c ', '\n'])(
  'shows nothing of a text where a secret is too short to be masked (%j), and says why',
  (secret) => {
    for (const text of ['a failed start', 'no such letter']) {
      expect(maskSecrets(text, ['a-long-enough-one', secret])).toBe(
        '[output not shown: a secret of the cluster has fewer than 4 characters, and masking it would reveal it]',
      );
    }
    expect(maskSecrets('', [secret])).toBe('');
  },
);

it('takes time by the length of a window, whatever the secrets are', () => {
  const secrets = ['a'.repeat(100_000), `${'ab'.repeat(50_000)}c`, 'x'.repeat(16)];
  for (const [name, text] of Object.entries(HOSTILE_TEXTS)) {
    const before = process.cpuUsage();
    maskSecrets(text.slice(0, 100_000), secrets, { cutAtStart: true, cutAtEnd: true });
    // A quarter of a second at most on an idle machine.
    expect(process.cpuUsage(before).user, name).toBeLessThan(5_000_000);
  }
}, 120_000);
