import type { WindlassClient } from '../client/index.ts';
import type { CliIo } from './io.ts';

/** A command as data. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly arguments?: readonly ArgumentSpec[];
  readonly options?: readonly OptionSpec[];
  /** It changes something behind the server: the user is told which server. */
  readonly changes?: true;
  /** Complete command lines that work. */
  readonly examples?: readonly string[];
  readonly run: (input: CommandInput, context: CommandContext) => Promise<CommandResult>;
}

/** Commands under one noun. */
export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
  readonly commands: readonly Command[];
}

export interface ArgumentSpec {
  readonly name: string;
  readonly description: string;
  readonly optional?: boolean;
  readonly choices?: readonly string[];
}

export interface OptionSpec {
  /** Without the dashes. `no-…` turns a default off. */
  readonly name: string;
  /** The placeholder of the value in the help; a flag has none. */
  readonly value?: string;
  readonly description: string;
  readonly required?: boolean;
  /** May be given several times. */
  readonly repeated?: boolean;
}

/** The user's arguments and options. */
export interface CommandInput {
  readonly arguments: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
}

export interface CommandContext {
  readonly io: CliIo;
  /** Only one JSON value goes to stdout. */
  readonly json: boolean;
  readonly version: string;
  /** Connects, passes the client on, and always closes it. */
  readonly withClient: <T>(use: (client: WindlassClient) => Promise<T>) => Promise<T>;
}

/** The result of a command; the runner prints it in the requested form. */
export interface CommandResult {
  /** For `--json`; absent if the command has written its output itself. */
  readonly value?: unknown;
  /** The text output. */
  readonly text?: string;
  /** 0 if absent. */
  readonly exitCode?: number;
}
