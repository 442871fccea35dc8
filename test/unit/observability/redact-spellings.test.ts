import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor, REDACTED } from '../../../src/observability/index.ts';
import { HOSTILE_TEXTS } from '../masking/hostile-texts.ts';
import { WRITERS } from '../masking/spelling-table.ts';

const QUOTED = `it's "q" <x> & ä/ß\\n`;
const LIMIT_MS = 180_000;

/** No character of ordinary text, so that what is left of a secret cannot be mistaken for it. */
const text = fc.string({ unit: fc.constantFrom('·', '…', '—', '\n', ' '), maxLength: 30 });
/** With letters of several alphabets, quotes and signs; at least four of them no blanks. */
const secret = fc
  .tuple(
    fc.string({
      minLength: 4,
      maxLength: 12,
      unit: fc.constantFrom(...Array.from(`abzXY09-_'"<&/\\%äßЖ漢🎲`)),
    }),
    fc.string({ maxLength: 20, unit: 'grapheme' }),
  )
  .map(([first, rest]) => (first + rest).trim());

describe('a redactor that knows a secret', () => {
  it.each(Object.entries(WRITERS))('masks it as %s', (_, write) => {
    const redacted = createRedactor([QUOTED]).redactMessage(`before ${write(QUOTED)} after`);
    expect(redacted).toMatch(/^before ['"\\]{0,4}\S*\[redacted\]\S*\s*['"\\]{0,4} after$/);
    for (const part of [write(QUOTED), `it's`, '"q"', 'x', 'ä', 'Ä', '71', 'ICJx', 'InEi', 'cSIg']) {
      expect(redacted.replace(REDACTED, '').replace(/^before| after$/g, '')).not.toContain(part);
    }
  });

  it('leaves no spelling of any secret in any text', () => {
    fc.assert(
      fc.property(
        secret,
        text,
        text,
        fc.constantFrom(...Object.keys(WRITERS)),
        (value, before, after, how) => {
          const written = WRITERS[how]?.(value) ?? '';
          const redactor = createRedactor([value]);
          for (const redacted of [
            redactor.redactText(`${before}${written}${after}`),
            redactor.redactMessage(`${before}${written}${after}`),
          ]) {
            expect(redacted).toContain(REDACTED);
            // Only quotes, and in base64 what was encoded beside it, may be left.
            const left = redacted.replaceAll(REDACTED, '').replace(/[\s·…—'"\\=]/g, '');
            expect(left.length).toBeLessThanOrEqual(how.startsWith('base64') ? 24 : 0);
            if (how.startsWith('base64')) expect(Buffer.from(left, 'base64').toString()).not.toContain(value);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('masks each longer line of one with several lines, and what a document calls secret', () => {
    const document = `apiVersion: v1
users:
- name: someone
  user:
    token: planted-token-1
    client-key-data: "cGxhbnRlZC1rZXktZGF0YQ=="
    password: 'four word pass phrase'
`;
    const redactor = createRedactor([
      document,
      '{"user":{"token":"planted-token-2"}}',
      'first line of a key\nsecond line of a key',
    ]);
    for (const planted of [
      'planted-token-1',
      'planted-token-2',
      'cGxhbnRlZC1rZXktZGF0YQ==',
      'four word pass phrase',
      'second line of a key',
      Buffer.from('second line of a key').toString('hex'),
    ]) {
      expect(redactor.redactMessage(`the server said ${planted}, and no more`)).toBe(
        `the server said ${REDACTED}, and no more`,
      );
    }
    expect(redactor.redactMessage('apiVersion: v1 of someone')).toBe('apiVersion: v1 of someone');
  });

  it('leaves text without a secret as it is', () => {
    const ordinary = fc.oneof(fc.lorem({ maxCount: 30 }), fc.string({ maxLength: 200 }), fc.json());
    const other = fc.string({
      minLength: 12,
      maxLength: 40,
      unit: fc.constantFrom(...Array.from('JQXZ7849')),
    });
    fc.assert(
      fc.property(ordinary, fc.array(other), (words, secrets) => {
        fc.pre(!/:\/\/|-----|[JQXZ7849jqxz]{6}/.test(words));
        expect(createRedactor(secrets).redactMessage(words)).toBe(words);
      }),
    );
  });

  it('never throws and never says a secret, whatever it is given', () => {
    const planted = 'planted-secret-3f9a';
    const nasty = [
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error(planted);
          },
        },
      ),
      new Proxy(new Error(planted), {
        get: () => {
          throw new Error(planted);
        },
      }),
      new Proxy(
        {},
        {
          getPrototypeOf: () => {
            throw new Error(planted);
          },
          has: () => {
            throw new Error(planted);
          },
        },
      ),
      {
        get broken() {
          throw new Error(planted);
        },
      },
      Object.assign(new Error(planted), { cause: new AggregateError([new Error(planted)], planted) }),
      {
        toJSON: () => {
          throw new Error(planted);
        },
        [planted]: planted,
      },
      Object.create(null, { password: { enumerable: true, value: 5 } }) as unknown,
      new Date(Number.NaN),
      10n,
      Symbol(planted),
      () => planted,
      new Map([[planted, planted]]),
      new Set([planted]),
      '\ud800',
      'x'.repeat(11_000) + planted,
      Array.from({ length: 20_000 }, (_, index) => index),
      undefined,
      null,
    ];
    const redactor = createRedactor([planted, '\ud800\ud800\ud800\ud800', '\0'.repeat(5), 'a'.repeat(3_000)]);
    fc.assert(
      fc.property(fc.oneof(fc.nat(nasty.length - 1), fc.anything()), (chosen) => {
        const value = typeof chosen === 'number' ? nasty[chosen] : chosen;
        const copied = JSON.stringify(redactor.redactValue({ value, again: [value] })) ?? '';
        expect(copied).not.toContain(planted);
        expect(redactor.redactText(value as string)).not.toContain(planted);
        expect(redactor.redactMessage(value as string)).not.toContain(planted);
        expect(() => createRedactor().register(value as string)).not.toThrow();
      }),
      { numRuns: 100 },
    );
    const long = 'x'.repeat(999_990) + planted + 'x'.repeat(1_000_000);
    expect(redactor.redactText(long)).toBe(`${'x'.repeat(999_990)}${REDACTED}… (cut, 1000009 characters)`);
  });

  it(
    'takes time by the length of the text and not by what was opened before, even with 10,000 secrets',
    () => {
      const redactor = createRedactor();
      for (let count = 0; count < 10_000; count += 1)
        redactor.register(randomBytes(20).toString('base64url'));
      redactor.register('a'.repeat(1_000));
      redactor.register(`${'a'.repeat(1_000)}b`);
      redactor.register(`apiVersion: v1\n${randomBytes(60_000).toString('base64')}`);
      for (const [name, hostile] of Object.entries(HOSTILE_TEXTS)) {
        const before = process.cpuUsage();
        redactor.redactText(hostile);
        // Half a second at most on an idle machine; what is quadratic takes minutes.
        expect(process.cpuUsage(before).user, name).toBeLessThan(5_000_000);
      }
      expect(redactor.redactText(randomBytes(400_000).toString('hex'))).not.toContain('withheld');
    },
    LIMIT_MS,
  );
});

describe('what a redactor remembers', () => {
  function createClocked(keepCharacters = 1_000_000): {
    redactor: ReturnType<typeof createRedactor>;
    pass: (ms: number) => void;
  } {
    let now = 0;
    const redactor = createRedactor([], { keepMs: 1_000, keepCharacters, now: () => now });
    return { redactor, pass: (ms) => void (now += ms) };
  }

  it('is known as long as the work that opened it lasts, and for some time after', async () => {
    const { redactor, pass } = createClocked();
    const shows = (): boolean => redactor.redactText('planted-secret-1') !== REDACTED;
    await redactor.during(async () => {
      redactor.register('planted-secret-1');
      pass(1_000_000);
      await redactor.during(async () => redactor.register('planted-secret-1'));
      pass(1_000_000);
      expect(shows()).toBe(false);
    });
    pass(999);
    expect(shows()).toBe(false);
    pass(2);
    expect(shows()).toBe(true);
  });

  it('is bounded: what was used longest ago is forgotten, what is in use never', async () => {
    const { redactor } = createClocked(20_000);
    await redactor.during(async () => {
      redactor.register('planted-secret-0');
      for (let count = 1; count <= 500; count += 1) redactor.register(`other-secret-${count}-x`);
      expect(redactor.redactText('other-secret-1-x')).toBe(REDACTED);
    });
    for (let count = 501; count <= 600; count += 1) redactor.register(`other-secret-${count}-x`);
    expect(redactor.redactText('planted-secret-0')).toBe('planted-secret-0');
    expect(redactor.redactText('other-secret-600-x')).toBe(REDACTED);
  });

  it('takes a word out of the messages of those only who have it for a secret', async () => {
    const { redactor } = createClocked();
    await redactor.during(async () => {
      redactor.register('cluster');
      expect(redactor.redactMessage('the cluster is gone')).toBe(`the ${REDACTED} is gone`);
      await redactor.during(async () => {
        expect(redactor.redactMessage('the cluster is gone')).toBe('the cluster is gone');
      });
    });
  });

  it('passes on what the work returns or throws', async () => {
    const { redactor } = createClocked();
    expect(await redactor.during(async () => 5)).toBe(5);
    await expect(redactor.during(() => Promise.reject(new Error('as it was')))).rejects.toThrow('as it was');
  });
});
