import { parentPort, workerData } from 'node:worker_threads';

// A thread of linear-patterns.test.ts: a pattern that backtracks can only be ended from outside.

export interface PatternLiteral {
  readonly place: string;
  readonly source: string;
  readonly flags: string;
}

/** Characters that most patterns treat alike; those in the pattern itself are added to them. */
const COMMON = ['a', 'A', '0', ' ', '\n', '\t', '-', '.', '_', '/', '"', "'", ':', '='];
/** A failing end makes the engine try every other way to match. */
const ENDS = ['\u0001!', '', 'A', '\n-'];
/** Long enough that a quadratic pattern shows, short enough that all patterns are tried in seconds. */
const SHORT = 6_000;
const SLOW_MS = 8;
/** A quadratic pattern takes about a second for this, a linear one a few milliseconds. */
const LONG = 60_000;

/** A text on which the pattern is slow; null where none was found. Announces each long try before it begins. */
function findSlowText({ source, flags }: PatternLiteral, announce: (text: string) => void): string | null {
  const pattern = new RegExp(source, flags.replaceAll(/[gy]/g, ''));
  for (const prefix of listPrefixes(source)) {
    for (const pump of listPumps(source)) {
      for (const end of ENDS) {
        if (measure(pattern, build(prefix, pump, SHORT, end)) < SLOW_MS) continue;
        const name = `${JSON.stringify(prefix)}, then ${JSON.stringify(pump)} many times, then ${JSON.stringify(end)}`;
        announce(name);
        if (measure(pattern, build(prefix, pump, LONG, end)) > 500) return name;
      }
    }
  }
  return null;
}

function build(prefix: string, pump: string, length: number, end: string): string {
  return prefix + pump.repeat(Math.ceil(length / pump.length)) + end;
}

/** In milliseconds of the processor, so that other load does not count. */
function measure(pattern: RegExp, text: string): number {
  const before = process.threadCpuUsage();
  pattern.test(text);
  return process.threadCpuUsage(before).user / 1000;
}

function listPumps(source: string): readonly string[] {
  const own = new Set(
    source.replaceAll(/\\[bBdDsSwWpPnrt]/g, '').match(/[^\\()[\]{}?*+|^$A-Za-z0-9]/g) ?? [],
  );
  for (const word of source.match(/[A-Za-z]{2,}/g) ?? []) own.add(word);
  const single = [...new Set([...own, ...COMMON])];
  return [
    ...single,
    ...[...own].flatMap((one) => single.filter((other) => other !== one).map((other) => one + other)),
  ];
}

/** What a pattern begins with, as far as that is literal; an anchored one is tried with some beginnings more. */
function listPrefixes(source: string): readonly string[] {
  const literal = /^\^?((?:[^\\()[\]{}?*+|^$.]|\\[^a-zA-Z0-9])+)/.exec(source)?.[1] ?? '';
  const prefixes = [
    '',
    literal.replaceAll(/\\(.)/g, '$1'),
    ...(source.startsWith('^') ? ['a', '"', '{', '['] : []),
  ];
  return [...new Set(prefixes)];
}

if (parentPort !== null) {
  const port = parentPort;
  for (const pattern of workerData as readonly PatternLiteral[]) {
    port.postMessage({ pattern, state: 'begun' });
    const text = findSlowText(pattern, (tried) =>
      port.postMessage({ pattern, state: 'trying', text: tried }),
    );
    port.postMessage({ pattern, state: 'ended', text });
  }
}
