import { styleText } from 'node:util';
import { joinLines } from './table.ts';

export type Tone = 'plain' | 'good' | 'bad' | 'busy' | 'quiet' | 'strong';

/** A piece of a line, and its style if colours are allowed. */
export interface Piece {
  readonly text: string;
  readonly tone?: Tone;
}

const FORMATS = { good: 'green', bad: 'red', busy: 'cyan', quiet: 'dim', strong: 'bold' } as const;

/** One line, never wider than `width`: the rest is cut and marked. */
export function renderLine(pieces: readonly Piece[], width: number, colour: boolean): string {
  let left = width;
  let line = '';
  for (const { text, tone = 'plain' } of pieces) {
    if (left <= 0) break;
    // A message may hold line breaks; a line of the tree may not.
    const flat = joinLines(text);
    const shown = flat.length > left ? `${flat.slice(0, left - 1)}…` : flat;
    left -= shown.length;
    line += colour && tone !== 'plain' ? styleText(FORMATS[tone], shown, { validateStream: false }) : shown;
  }
  return line.trimEnd();
}
