import type { Command, CommandGroup } from '../command.ts';

/** The shells that a completion script can be printed for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

const ALWAYS = ['--json', '--help'];

/** The completion script for one of SHELLS: completes nouns, verbs and options; elsewhere file names. */
export function renderCompletion(shell: string, commands: readonly (Command | CommandGroup)[]): string {
  const words = listWords(commands);
  if (shell === 'fish') return renderFish(commands);
  const bash = renderBash(words);
  return shell === 'zsh' ? `autoload -Uz bashcompinit && bashcompinit\n${bash}` : bash;
}

/** The words that may follow each command path. */
function listWords(
  commands: readonly (Command | CommandGroup)[],
): readonly (readonly [string, readonly string[]])[] {
  const top = ['', [...commands.map(({ name }) => name), '--version', '--help']] as const;
  const rest = commands.flatMap((entry) =>
    'commands' in entry
      ? [
          [entry.name, entry.commands.map(({ name }) => name)] as const,
          ...entry.commands.map(
            (command) => [`${entry.name} ${command.name}`, listOptions(command)] as const,
          ),
        ]
      : [[entry.name, [...listChoices(entry), ...listOptions(entry)]] as const],
  );
  return [top, ...rest];
}

function listChoices(command: Command): readonly string[] {
  return (command.arguments ?? []).flatMap(({ choices }) => choices ?? []);
}

function listOptions(command: Command): readonly string[] {
  return [...(command.options ?? []).map(({ name }) => `--${name}`), ...ALWAYS];
}

function renderBash(words: readonly (readonly [string, readonly string[]])[]): string {
  const cases = words.map(([path, next]) => `    '${path}') words='${next.join(' ')}' ;;`);
  return `_windlass() {
  local path='' word words='' at
  for ((at = 1; at < COMP_CWORD && at < 3; at++)); do
    word="\${COMP_WORDS[at]}"
    [[ $word == -* ]] && break
    path="\${path:+$path }$word"
  done
  case "$path" in
${cases.join('\n')}
    *) case "\${path%% *}" in
${cases
  .filter((line) => !/'[^' ]* [^']*'\)/.test(line) && !line.includes("''"))
  .map((line) => `    ${line}`)
  .join('\n')}
      esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _windlass windlass
`;
}

function renderFish(commands: readonly (Command | CommandGroup)[]): string {
  const nouns = commands.map(({ name }) => name).join(' ');
  const lines = commands.flatMap((entry) => {
    const noun = complete(`not __fish_seen_subcommand_from ${nouns}`, `-f -a ${entry.name}`, entry.summary);
    if (!('commands' in entry))
      return [noun, ...completeOptions(entry, `__fish_seen_subcommand_from ${entry.name}`)];
    const verbs = entry.commands.map(({ name }) => name).join(' ');
    const inNoun = `__fish_seen_subcommand_from ${entry.name}`;
    return [
      noun,
      ...entry.commands.flatMap((command) => [
        complete(
          `${inNoun}; and not __fish_seen_subcommand_from ${verbs}`,
          `-f -a ${command.name}`,
          command.summary,
        ),
        ...completeOptions(command, `${inNoun}; and __fish_seen_subcommand_from ${command.name}`),
      ]),
    ];
  });
  return `${lines.join('\n')}\n`;
}

function completeOptions(command: Command, condition: string): string[] {
  const choices = listChoices(command).map((choice) =>
    complete(condition, `-f -a ${choice}`, command.summary),
  );
  const options = (command.options ?? []).map(({ name, value, description }) =>
    complete(condition, `-l ${name}${value === undefined ? '' : ' -r'}`, description),
  );
  return [...choices, ...options, complete(condition, '-l json', 'one JSON value on stdout')];
}

function complete(condition: string, what: string, description: string): string {
  return `complete -c windlass -n '${condition}' ${what} -d '${description.replaceAll("'", "\\'")}'`;
}
