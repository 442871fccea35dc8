import { Argument, Command as Program, Option } from 'commander';
import { WindlassError } from '../domain/index.ts';
import type { Command, CommandGroup, CommandInput } from './command.ts';
import { COMMANDS } from './commands/index.ts';

const JSON_HELP = 'one JSON value on stdout, everything else on stderr';

/** Receives the parsed command line. */
export type Dispatch = (command: Command, input: CommandInput) => Promise<void>;

/** The program that parses the command line, built from the commands' data. */
export function buildProgram(version: string, dispatch: Dispatch): Program {
  const program = new Program('windlass')
    .description('Durable jobs for the whole life of clustered applications')
    .version(version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .showSuggestionAfterError(true)
    .enablePositionalOptions(true);
  for (const entry of COMMANDS) {
    if ('commands' in entry) addGroup(program, entry, dispatch);
    else addCommand(program, entry, dispatch);
  }
  return program;
}

function addGroup(program: Program, group: CommandGroup, dispatch: Dispatch): void {
  const noun = program.command(group.name).description(group.summary).helpCommand(false);
  for (const command of group.commands) addCommand(noun, command, dispatch);
}

function addCommand(parent: Program, spec: Command, dispatch: Dispatch): void {
  const command = parent.command(spec.name).description(spec.summary).allowExcessArguments(false);
  for (const { name, description, optional, choices } of spec.arguments ?? []) {
    const argument = new Argument(optional === true ? `[${name}]` : `<${name}>`, description);
    if (choices !== undefined) argument.choices([...choices]);
    command.addArgument(argument);
  }
  for (const { name, value, description, required, repeated } of spec.options ?? []) {
    const meaning = required === true ? `${description} (required)` : description;
    const option = new Option(value === undefined ? `--${name}` : `--${name} <${value}>`, meaning);
    // Not commander's variadic options, which would consume the arguments after them.
    if (repeated === true) {
      option.argParser<string[]>((text, before) => [...(Array.isArray(before) ? before : []), text]);
    }
    command.addOption(option);
  }
  command.option('--json', JSON_HELP);
  const examples = spec.examples ?? [];
  if (examples.length > 0)
    command.addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${line}`).join('\n')}`);
  command.action(async (): Promise<void> => {
    const given = command.opts<CommandInput['options']>();
    const options = Object.fromEntries(Object.entries(given).map(([name, value]) => [toDashed(name), value]));
    requireOptions(spec, options, command);
    await dispatch(spec, { arguments: command.args, options });
  });
}

/**
 * Not left to commander, which would report missing options before misspelt ones.
 *
 * @throws invalid-input `USAGE`
 */
function requireOptions(spec: Command, given: CommandInput['options'], command: Program): void {
  const missing = (spec.options ?? []).filter(
    ({ name, required }) => required === true && given[name] === undefined,
  );
  if (missing.length === 0) return;
  const names = missing.map(({ name, value }) => `--${name} <${value ?? ''}>`).join(', ');
  const path = [command.parent?.parent, command.parent, command].map((one) => one?.name() ?? '').join(' ');
  throw new WindlassError('invalid-input', `missing: ${names}`, {
    code: 'USAGE',
    hint: `see ${path.trim()} --help`,
    field: missing[0]?.name ?? '',
  });
}

/** commander camel-cases the names of options; ours stay as they are written. */
function toDashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
