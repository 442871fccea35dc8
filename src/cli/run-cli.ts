import { CommanderError } from 'commander';
import { WindlassError } from '../domain/index.ts';
import { buildProgram } from './build-program.ts';
import type { Command, CommandContext, CommandInput } from './command.ts';
import { EXIT, EXIT_OF_KIND } from './exit-codes.ts';
import type { CliIo } from './io.ts';
import { renderError } from './render/error.ts';
import { describeServer } from './render/server.ts';
import { readVersion } from './version.ts';

/** Runs one command line and returns its exit code. Never throws: every error is shown. */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  const json = argv.includes('--json');
  const version = readVersion();
  let exitCode: number = EXIT.done;
  const program = buildProgram(version, async (command, input) => {
    exitCode = await runCommand(
      command,
      input,
      createContext(io, { json, version, tellsServer: command.changes === true }),
    );
  });
  for (const one of [program, ...program.commands, ...program.commands.flatMap((noun) => noun.commands)]) {
    one.exitOverride().configureOutput({
      writeOut: (text) => io.stdout.write(text),
      // Usage errors are shown below, like all others.
      writeErr: () => {},
      getOutHelpWidth: () => io.stdout.columns,
    });
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.done;
      if (error.code === 'commander.help') {
        const noun = program.commands.find((command) => command.name() === argv[0]);
        io.stderr.write((noun ?? program).helpInformation());
        return EXIT.badInput;
      }
      return showError(io, json, toUsageError(error));
    }
    return showError(io, json, error);
  }
}

async function runCommand(command: Command, input: CommandInput, context: CommandContext): Promise<number> {
  const { value, text, exitCode = EXIT.done } = await command.run(input, context);
  const { stdout } = context.io;
  if (context.json) {
    if (value !== undefined) stdout.write(`${JSON.stringify(value)}\n`);
  } else if (text !== undefined && text !== '') {
    stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  }
  return exitCode;
}

/** What is the same for the whole of one command. */
interface ContextOptions {
  readonly json: boolean;
  readonly version: string;
  /** Whether the user is told which server it acts on. */
  readonly tellsServer: boolean;
}

function createContext(io: CliIo, { json, version, tellsServer }: ContextOptions): CommandContext {
  return {
    io,
    json,
    version,
    async withClient(use) {
      const client = await io.connect(io.env);
      try {
        if (tellsServer && !json && io.stderr.isTerminal)
          io.stderr.write(`on ${describeServer(client.server)}\n`);
        return await use(client);
      } finally {
        await client.close();
      }
    },
  };
}

function showError(io: CliIo, json: boolean, thrown: unknown): number {
  const error = WindlassError.isInstance(thrown) ? thrown : toInternalError(thrown);
  if (json) io.stdout.write(`${JSON.stringify({ error: error.toInfo() })}\n`);
  else io.stderr.write(renderError(error.toInfo()));
  return EXIT_OF_KIND[error.kind];
}

/** commander's message, without its prefix; its suggestion becomes the hint. */
function toUsageError(error: CommanderError): WindlassError {
  const [message = '', guess] = error.message.replace(/^error: /, '').split('\n');
  const meant = /\(Did you mean (.*)\?\)/.exec(guess ?? '')?.[1];
  return new WindlassError('invalid-input', message, {
    code: 'USAGE',
    hint: meant === undefined ? 'see windlass --help, or --help after any command' : `did you mean ${meant}?`,
  });
}

function toInternalError(thrown: unknown): WindlassError {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new WindlassError('internal', message, {
    code: 'UNEXPECTED',
    hint: 'this is a defect of windlass: please report it with the command that you ran',
    cause: thrown,
  });
}
