import type { Command } from '../command.ts';
import { readArgument } from '../read-input.ts';
import { renderCompletion, SHELLS } from '../render/completion.ts';

/** `windlass completion` */
export const COMPLETION_COMMAND: Command = {
  name: 'completion',
  summary: 'Print a script that completes command lines in your shell',
  arguments: [{ name: 'shell', description: 'whose script', choices: SHELLS }],
  examples: [
    'source <(windlass completion bash)',
    'windlass completion fish > ~/.config/fish/completions/windlass.fish',
  ],
  async run(input) {
    // The list of commands holds this one, so it is asked for only now.
    const { COMMANDS } = await import('./index.ts');
    const script = renderCompletion(readArgument(input, 0), COMMANDS);
    return { value: { script }, text: script };
  },
};
