import { describe, expect, it } from 'vitest';
import { createLogger, createRedactor, REDACTED } from '../../../src/observability/index.ts';

const PLANTED = 'pl4nt3d/s3cret+value';

describe('a redactor', () => {
  it('masks a registered value wherever it stands, also as JSON and URLs write it', () => {
    const redactor = createRedactor([PLANTED, 'two\nlines']);
    expect(redactor.redactText(`a ${PLANTED} b`)).toBe(`a ${REDACTED} b`);
    expect(redactor.redactText(`q=${encodeURIComponent(PLANTED)}`)).toBe(`q=${REDACTED}`);
    expect(redactor.redactText(JSON.stringify({ text: 'two\nlines' }))).toBe(`{"text":"${REDACTED}"}`);
  });

  it('masks a longer secret whole that begins with a shorter one', () => {
    expect(createRedactor(['abcd', 'abcdefgh']).redactText('abcdefgh')).toBe(REDACTED);
  });

  it.each([
    'password=hunter22',
    '"password": "hunter22"',
    "secretAccessKey: 'hunter22'",
    'db_password=hunter22, next',
    'postgres://windlass:hunter22@host/db',
    'Authorization: Bearer hunter22hunter22',
    '-----BEGIN OPENSSH PRIVATE KEY-----\nhunter22\n-----END OPENSSH PRIVATE KEY-----',
  ])('masks by well-known names alone: %s', (text) => {
    expect(createRedactor().redactText(text)).not.toContain('hunter22');
  });

  it('masks values of secret keys in data, errors and their causes, and leaves the input as it is', () => {
    const cause = new Error(`refused ${PLANTED}`);
    const input = {
      credential: { accessKeyId: 'AK' },
      nested: [{ adminPassword: 'x' }, new Error('outer', { cause })],
      token: 'cl-1/node/volume/1',
      reference: { $secret: 'conf/password' },
    };
    const output = createRedactor([PLANTED]).redactValue(input);
    const text = JSON.stringify(output);
    expect(text).not.toContain(PLANTED);
    expect(output).toMatchObject({
      credential: REDACTED,
      nested: [{ adminPassword: REDACTED }, { message: 'outer' }],
    });
    expect(output).toMatchObject({ token: 'cl-1/node/volume/1', reference: { $secret: 'conf/password' } });
    expect(input.credential).toEqual({ accessKeyId: 'AK' });
  });

  it('survives data that contains itself', () => {
    const loop: Record<string, unknown> = {};
    loop['self'] = loop;
    expect(() => createRedactor().redactValue(loop)).not.toThrow();
  });
});

describe('a logger', () => {
  it('writes JSON lines without secrets, whichever way they are logged', () => {
    const lines: string[] = [];
    const redactor = createRedactor();
    const log = createLogger({
      level: 'debug',
      redactor,
      destination: { write: (line) => void lines.push(line) },
    });
    // Opened after the logger was made: the redactor is shared.
    redactor.register(PLANTED);
    log.info(`message ${PLANTED}`);
    log.info({ detail: PLANTED, password: 'hunter22' }, 'fields');
    log.error({ error: new Error(`failed with ${PLANTED}`) }, 'error');
    log.error(new Error(`bare ${PLANTED}`));
    log.child({ bound: PLANTED }).warn('child password=hunter22');
    log.warn('formatted %s', PLANTED);
    expect(lines).toHaveLength(6);
    for (const line of lines) {
      expect(line).not.toContain(PLANTED);
      expect(line).not.toContain('hunter22');
      expect(JSON.parse(line)).toMatchObject({ level: expect.any(String), time: expect.any(String) });
    }
    expect(lines[2]).toContain(`failed with ${REDACTED}`);
  });
});
