import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestContent, packContent, unpackContent, versionIdOf } from '../../../src/app-package/index.ts';
import type { PackageFile } from '../../../src/domain/index.ts';
import { catchFault, textFile } from './packages.ts';

const file: fc.Arbitrary<PackageFile> = fc.record({
  path: fc.stringMatching(/^[a-zé]{1,3}(\/[a-z" ]{1,3}){0,2}$/),
  content: fc.uint8Array({ maxLength: 40 }),
  mode: fc.constantFrom(0o644, 0o755, 0o600),
});
const files = fc.uniqueArray(file, { selector: (entry) => entry.path, maxLength: 6 });
const byPath = (left: PackageFile, right: PackageFile) => (left.path < right.path ? -1 : 1);

describe('packContent', () => {
  it('is undone by unpackContent, in path order', () => {
    fc.assert(
      fc.property(files, (list) => {
        expect(unpackContent(packContent(list))).toEqual([...list].sort(byPath));
      }),
    );
  });

  it('gives the same bytes whatever the order of the files', () => {
    fc.assert(
      fc.property(files, (list) => {
        expect(packContent(list)).toEqual(packContent([...list].reverse()));
      }),
    );
  });

  it('keeps its form, since digests of registered packages depend on it', () => {
    const packed = packContent([textFile('b', 'two'), textFile('a/c', 'one')]);
    expect(Buffer.from(packed).toString()).toBe(
      'windlass-package/1\n[{"path":"a/c","mode":420,"size":3},{"path":"b","mode":420,"size":3}]\nonetwo',
    );
    expect(digestContent(packed)).toBe('d71b430bf901b618f4ba8c4a7395cbe319d95c7386728891654d4dbf4deaffa3');
    expect(versionIdOf(digestContent(packed))).toBe('appv-d71b430bf901b618');
  });

  it.each(['/etc/passwd', '../x', 'a/../../x', 'a//b', './a', '', 'a\\b', 'a\0b'])(
    'refuses the path %j',
    (path) => {
      expect(catchFault(() => packContent([textFile(path, '')])).code).toBe('PACKAGE_PATH');
    },
  );

  it('refuses a path that occurs twice', () => {
    expect(catchFault(() => packContent([textFile('a', '1'), textFile('a', '2')])).code).toBe('PACKAGE_PATH');
  });

  it('refuses more than 20 MB', () => {
    const large = { path: 'large', content: new Uint8Array(20_000_001), mode: 0o644 };
    expect(catchFault(() => packContent([large]))).toMatchObject({
      code: 'PACKAGE_TOO_LARGE',
      message: 'the package is larger than 20 MB, the most that is sent to a worker',
    });
  });
});

describe('unpackContent', () => {
  const pack = (list: unknown, rest = '') =>
    new TextEncoder().encode(
      `windlass-package/1\n${typeof list === 'string' ? list : JSON.stringify(list)}\n${rest}`,
    );

  it.each([
    ['nothing', new Uint8Array()],
    ['another format', new TextEncoder().encode('PK\n\n')],
    ['a list that does not parse', pack('[')],
    ['a list of something else', pack([1])],
    ['a size that is no count', pack([{ path: 'a', mode: 420, size: -1 }])],
    ['a mode with more than permissions', pack([{ path: 'a', mode: 0o4755, size: 0 }])],
    ['less than announced', pack([{ path: 'a', mode: 420, size: 9 }], 'abc')],
    ['more than announced', pack([{ path: 'a', mode: 420, size: 1 }], 'abc')],
    [
      'files out of order',
      pack([
        { path: 'b', mode: 420, size: 0 },
        { path: 'a', mode: 420, size: 0 },
      ]),
    ],
  ])('refuses %s', (_, bytes) => {
    expect(catchFault(() => unpackContent(bytes)).code).toBe('PACKAGE_MALFORMED');
  });

  it('refuses paths that lead out', () => {
    expect(catchFault(() => unpackContent(pack([{ path: '../a', mode: 420, size: 0 }]))).code).toBe(
      'PACKAGE_PATH',
    );
  });
});
