import type { Command, CommandGroup } from '../../src/cli/command.ts';
import { COMMANDS } from '../../src/cli/commands/index.ts';

const EVERYWHERE = new Set(['json', 'help', 'version']);

/** The command lines of a page: lines of its shell blocks, and code within sentences. */
export function findCommandLines(page: string): string[] {
  const blocks = [...page.matchAll(/^```(?:sh|console|bash)\n([\s\S]*?)^```/gm)].map(
    ([, text]) => text ?? '',
  );
  const inBlocks = blocks.flatMap((text) => text.replaceAll('\\\n', ' ').split('\n'));
  const inSentences = [...page.replace(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`\n]+)`/g)].map(
    ([, text]) => text ?? '',
  );
  return [...inBlocks, ...inSentences].map((line) => line.replace(/^\$ /, '').trim());
}

/** What is wrong with a `windlass …` line: a command, option or choice that does not exist; null for nothing. */
export function findFault(line: string): string | null {
  const words = /^(?:bin\/|npx )?windlass\s+(.*)$/.exec(line.replace(/\s+[#>|;].*$/, ''))?.[1]?.split(/\s+/);
  if (words === undefined) return null;
  const command = findCommand(words);
  if (command === undefined) return words[0]?.startsWith('-') === true ? null : `no such command: ${line}`;
  if ('commands' in command) return null;
  const known = new Map(command.options?.map((option) => [option.name, option.value !== undefined]));
  for (const word of words) {
    const name = /^--([a-z-]+)/.exec(word)?.[1];
    if (name !== undefined && !known.has(name) && !EVERYWHERE.has(name)) return `no --${name}: ${line}`;
  }
  return null;
}

function findCommand([first, second]: readonly string[]): Command | CommandGroup | undefined {
  const entry = COMMANDS.find((one) => one.name === first);
  if (entry === undefined || !('commands' in entry) || second === undefined || second.startsWith('-'))
    return entry;
  // `windlass runtime …` speaks of the whole noun.
  return second === '…' ? entry : entry.commands.find((one) => one.name === second);
}
