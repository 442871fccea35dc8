import { describe, expect, it } from 'vitest';
import { parseManifest } from '../../../../src/providers/kubernetes/manifest.ts';
import { readManifest } from '../../../../src/providers/kubernetes/read-manifest.ts';

const SMALL = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\n';

/** Documents of a manifest, each with numbers that only a bigint can hold. */
function manifestOf(characters: number): string {
  let text = '';
  for (let index = 0; text.length < characters; index += 1) {
    text += `---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a${index}\ndata: {large: 9007199254740993}\n`;
  }
  return text;
}

describe('a manifest', () => {
  it.each([
    ['short', SMALL],
    ['long', manifestOf(200_000)],
  ])('that is %s gives the same objects', async (_length, text) => {
    expect(await readManifest(text)).toEqual(parseManifest(text));
  });

  it.each([
    ['short', 'kind: [\n'],
    ['long', `${manifestOf(200_000)}---\nkind: [\n`],
  ])('that is %s and cannot be read is refused with the same error', async (_length, text) => {
    const expected: unknown = await Promise.resolve()
      .then(() => parseManifest(text))
      .catch((error: unknown) => error);
    const refused: unknown = await readManifest(text).catch((error: unknown) => error);
    expect(refused).toMatchObject({ kind: 'invalid-input', code: 'CHART_RENDER' });
    expect((refused as Error).message).toBe((expected as Error).message);
  });

  it('that is long leaves the event loop free', async () => {
    let turns = 0;
    const counting = setInterval(() => (turns += 1), 1);
    try {
      await readManifest(manifestOf(300_000));
    } finally {
      clearInterval(counting);
    }
    expect(turns).toBeGreaterThan(20);
  });

  it.each([
    ['time', { timeoutMs: 1, memoryMiB: 1024 }, /more than 0.001 s/],
    ['memory', { timeoutMs: 120_000, memoryMiB: 8 }, /more than 8 MiB of memory/],
  ])('that takes too much %s is refused', async (_what, limits, message) => {
    await expect(readManifest(manifestOf(1_000_000), limits)).rejects.toMatchObject({
      kind: 'invalid-input',
      code: 'CHART_RENDER',
      message: expect.stringMatching(message) as string,
    });
  });
});
