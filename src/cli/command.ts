import type { WindlassClient } from '../client/index.ts';
import type { CliIo } from './io.ts';

/** A command as data. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly arguments?: readonly ArgumentSpec[];
  readonly options?: readonly OptionSpec[];
  /** It changes something behind the server: people are told which one. */
  readonly changes?: true;
  /** Whole command lines that work. */
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
  /** Without the dashes. `no-…` turns off what is on. */
  readonly name: string;
  /** What stands for the value in the help; a flag has none. */
  readonly value?: string;
  readonly description: string;
  readonly required?: boolean;
  /** May be given several times. */
  readonly repeated?: boolean;
}

/** What the user gave. */
export interface CommandInput {
  readonly arguments: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
}

export interface CommandContext {
  readonly io: CliIo;
  /** Only one JSON value goes to stdout. */
  readonly json: boolean;
  readonly version: string;
  /** Connects, hands over the client, and closes it whatever happens. */
  readonly withClient: <T>(use: (client: WindlassClient) => Promise<T>) => Promise<T>;
}

/** What a command has to say; the runner prints it in the form that was asked for. */
export interface CommandResult {
  /** For `--json`; absent where the command has written its output itself. */
  readonly value?: unknown;
  /** For people. */
  readonly text?: string;
  /** 0 when absent. */
  readonly exitCode?: number;
}
