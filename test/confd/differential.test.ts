import { beforeAll, describe, expect, it } from 'vitest';
import { createRandomSource } from '../faults/random.ts';
import { buildGoTool, NO_GO } from '../kit/go-tools.ts';
import { findDifferences } from './confd-runs.ts';
import { generateTemplate } from './generate-template.ts';
import { PRINTF_TEMPLATES } from './printf-cases.ts';
import { TEMPLATES } from './template-cases.ts';

const SEED = Number(process.env['WINDLASS_TEST_SEED'] ?? 20_261_124);
const GENERATED = 1_500;

describe('templates rendered by windlass and by confd 0.16', () => {
  let confd: string | null;
  beforeAll(async () => {
    confd = await buildGoTool({ name: 'confd' });
  }, 900_000);

  it('give the same bytes, or are refused by both, for every construct and function', async (context) => {
    if (confd === null) return context.skip(NO_GO);
    const { rendered, differences } = await findDifferences(confd, TEMPLATES);
    expect(differences).toEqual([]);
    // Templates that both refuse prove little: most of these render.
    expect(rendered).toBeGreaterThan(150);
  });

  it('give the same bytes for every verb of printf on every kind of value', async (context) => {
    if (confd === null) return context.skip(NO_GO);
    const { rendered, differences } = await findDifferences(confd, PRINTF_TEMPLATES);
    expect(differences).toEqual([]);
    expect(rendered).toBe(PRINTF_TEMPLATES.length);
  });

  it(
    `give the same bytes for ${GENERATED} templates that the seed ${SEED} makes`,
    { timeout: 120_000 },
    async (context) => {
      if (confd === null) return context.skip(NO_GO);
      const random = createRandomSource(SEED);
      const templates = Array.from({ length: GENERATED }, () => generateTemplate(random));
      const { rendered, differences } = await findDifferences(confd, templates);
      expect(differences).toEqual([]);
      expect(rendered).toBeGreaterThan(GENERATED / 4);
    },
  );
});
