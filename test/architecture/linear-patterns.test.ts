import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import ts from 'typescript';
import { expect, it } from 'vitest';
import type { PatternLiteral } from './pattern-attack.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** For one pattern; a linear one takes less than a second. */
const PATTERN_LIMIT_MS = 15_000;

interface Message {
  readonly pattern: PatternLiteral;
  readonly state: 'begun' | 'trying' | 'ended';
  readonly text?: string | null;
}

it(
  'no regular expression of the product takes quadratic time for a long text',
  { timeout: 600_000 },
  async () => {
    const patterns = readPatterns();
    expect(patterns.length).toBeGreaterThan(200);
    expect(await findSlow(patterns)).toEqual([]);
  },
);

it.each([
  ['(a+)+$', 'nested repetition'],
  ['^(\\d*\\.?\\d+)$', 'two repetitions that share their characters'],
  ['[a-z][a-z0-9]*://', 'a scheme that may begin anywhere'],
])('/%s/ would be found: %s', { timeout: 120_000 }, async (source) => {
  expect(await findSlow([{ place: 'here', source, flags: '' }])).toEqual([
    expect.stringContaining(`here: /${source}/ is slow for `) as string,
  ]);
});

/** Every literal once, in the order of the files. */
function readPatterns(): readonly PatternLiteral[] {
  const files = execFileSync('git', ['ls-files', '-z', 'src', 'activities', 'workflows'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const patterns = new Map<string, PatternLiteral>();
  for (const file of files.split('\0').filter((name) => name.endsWith('.ts'))) {
    const tree = ts.createSourceFile(file, readFileSync(join(ROOT, file), 'utf8'), ts.ScriptTarget.Latest);
    const visit = (node: ts.Node): void => {
      if (ts.isRegularExpressionLiteral(node) && !patterns.has(node.text)) {
        const end = node.text.lastIndexOf('/');
        const line = tree.getLineAndCharacterOfPosition(node.end).line + 1;
        const source = node.text.slice(1, end);
        patterns.set(node.text, { place: `${file}:${line}`, source, flags: node.text.slice(end + 1) });
      }
      ts.forEachChild(node, visit);
    };
    visit(tree);
  }
  return [...patterns.values()];
}

/** A sentence for each pattern that is slow. One that does not end is ended with its thread. */
async function findSlow(patterns: readonly PatternLiteral[]): Promise<readonly string[]> {
  const found: string[] = [];
  let left = patterns;
  while (left.length > 0) left = await attack(left, found);
  return found;
}

/** Tries patterns in a thread of their own. @returns those that are left after one that did not end. */
async function attack(
  patterns: readonly PatternLiteral[],
  found: string[],
): Promise<readonly PatternLiteral[]> {
  const worker = new Worker(new URL('./pattern-attack.ts', import.meta.url), { workerData: patterns });
  let last: Message | undefined;
  const left = await new Promise<readonly PatternLiteral[]>((resolve, reject) => {
    const giveUp = (): void => {
      if (last !== undefined) found.push(describe(last));
      resolve(patterns.slice(patterns.findIndex(({ source, flags }) => isSame(last, source, flags)) + 1));
    };
    let limit = setTimeout(giveUp, PATTERN_LIMIT_MS);
    worker.on('message', (message: Message) => {
      last = message;
      if (message.state === 'begun') {
        clearTimeout(limit);
        limit = setTimeout(giveUp, PATTERN_LIMIT_MS);
      }
      if (message.state === 'ended' && typeof message.text === 'string') found.push(describe(message));
    });
    worker.on('error', reject);
    worker.on('exit', () => {
      clearTimeout(limit);
      resolve([]);
    });
  });
  await worker.terminate();
  return left;
}

function isSame(message: Message | undefined, source: string, flags: string): boolean {
  return message?.pattern.source === source && message.pattern.flags === flags;
}

function describe({ pattern, text }: Message): string {
  return `${pattern.place}: /${pattern.source}/${pattern.flags} is slow for ${text ?? 'an unknown text'}`;
}
