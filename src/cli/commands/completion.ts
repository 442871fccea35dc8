import type { Command, CommandGroup } from '../command.ts';
import { readArgument } from '../read-input.ts';
import { renderCompletion, SHELLS } from '../render/completion.ts';

/**
 * `windlass completion`; the list of commands is read only when it runs, because it contains this command
 * too.
 */
export function createCompletionCommand(listCommands: () => readonly (Command | CommandGroup)[]): Command {
  return {
    name: 'completion',
    summary: 'Print a script that completes command lines in your shell',
    arguments: [{ name: 'shell', description: 'whose script', choices: SHELLS }],
    examples: [
      'source <(windlass completion bash)',
      'windlass completion fish > ~/.config/fish/completions/windlass.fish',
    ],
    async run(input) {
      const script = renderCompletion(readArgument(input, 0), listCommands());
      return { value: { script }, text: script };
    },
  };
}
