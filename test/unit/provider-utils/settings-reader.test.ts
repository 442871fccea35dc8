import { describe, expect, it } from 'vitest';
import { createSettingsReader, readNodeAccess } from '../../../src/provider-utils/index.ts';

const KNOWN = { bound: ['region'], free: ['count', 'names', 'mode', 'frontgate', 'image.<package>'] };

function read(given: Readonly<Record<string, string>>) {
  return createSettingsReader(given, { provider: 'cloud', known: KNOWN, page: 'docs/cloud.md' });
}

describe('a settings reader', () => {
  it('takes what is right, and counts what is empty as not given', () => {
    const reader = read({ region: ' here ', count: '3', names: 'a, b,', mode: '', 'image.app': 'x' });
    expect(reader.text('region', /^[a-z]+$/, 'a region')).toBe('here');
    expect(reader.number('count', 1, 5)).toBe(3);
    expect(reader.list('names', /^[a-z]$/, 'letters')).toEqual(['a', 'b']);
    expect(reader.choice('mode', ['slow', 'fast'], 'slow')).toBe('slow');
    expect(readNodeAccess(reader)).toBe('direct');
    reader.throwFaults();
  });

  it('names every fault at once, the unknown first', () => {
    const reader = read({
      colour: 'red',
      region: '7',
      count: '6',
      names: 'a,BB',
      mode: 'dim',
      frontgate: 'yes',
    });
    reader.text('region', /^[a-z]+$/, 'a region');
    reader.number('count', 1, 5);
    reader.list('names', /^[a-z]$/, 'letters');
    reader.choice('mode', ['slow', 'fast'], 'slow');
    readNodeAccess(reader);
    expect(() => reader.throwFaults()).toThrow(
      expect.objectContaining({
        kind: 'invalid-input',
        code: 'RUNTIME_SETTINGS',
        field: 'colour',
        details: ['colour', 'region', 'count', 'names', 'mode', 'frontgate'].map((field) =>
          expect.objectContaining({ field }),
        ),
      }),
    );
  });
});
