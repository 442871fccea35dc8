/** How a node is reached: its sshd, the key that we use, the host key that we expect. */
export interface NodeTarget {
  readonly host: string;
  readonly port: number;
  /**
   * The user that logs in. If the node is a machine of its own and the user is not root, all commands use
   * `sudo -n`.
   */
  readonly user: string;
  /** OpenSSH public host key; another one is `permission`, never accepted. */
  readonly hostKey: string;
  readonly privateKey: string;
  /** Prefix of every path on the node; empty on a machine of its own. */
  readonly root: string;
  /** The jump host whose sshd forwards to the node; absent if the worker connects to the node itself. */
  readonly via?: NodeTarget;
}

export interface CommandSpec {
  /** The claim on the node: a command starts once for each key. `<taskId>` + generation. */
  readonly key: string;
  /** Run by `sh -c` with the node's root as working directory. */
  readonly command: string;
  readonly timeoutSeconds: number;
  readonly env: Readonly<Record<string, string>>;
}

export type CommandState =
  | { readonly state: 'running'; readonly seconds: number; readonly lastOutput: string }
  | { readonly state: 'exited'; readonly exitCode: number; readonly output: string }
  /** The timeout has expired; the whole process group was ended. */
  | { readonly state: 'timed-out'; readonly output: string }
  /** Claimed, but neither running nor ended: e.g. the node was rebooted while it ran. */
  | { readonly state: 'unknown'; readonly output: string };

export interface NodeFile {
  /** Absolute as the package sees it; the node's root is prepended. */
  readonly path: string;
  readonly content: string | Uint8Array;
  readonly mode: number;
  /** `user` or `user:group` of the node, by names or numbers; root if absent. */
  readonly owner?: string;
}

/**
 * The frame's operations on nodes. Connections are kept and shared, one for each node and worker. Errors:
 * unavailable (refused, dropped, slow), permission (wrong host key, our key refused, sudo not allowed).
 */
export interface NodeShell {
  /** Checks that sshd answers with the expected host key, accepts our key, and lets us act as root. */
  ping(target: NodeTarget, signal: AbortSignal): Promise<void>;
  /** Runs a short, repeatable command and returns its output. @throws internal `NODE_COMMAND` for a non-zero exit. */
  run(target: NodeTarget, command: string, signal: AbortSignal, input?: string | Uint8Array): Promise<string>;
  /**
   * Starts a command detached under the runner, once for each key; a repeated start refers to the same
   * command.
   */
  start(target: NodeTarget, command: CommandSpec, signal: AbortSignal): Promise<void>;
  /**
   * Polls a started command once. Output is the last 8 KB, with `secrets` masked. @throws not-found if it
   * was never started.
   */
  inspect(
    target: NodeTarget,
    key: string,
    secrets: readonly string[],
    signal: AbortSignal,
  ): Promise<CommandState>;
  /** Writes files atomically, only those whose content, mode or owner differ; returns the paths that changed. */
  writeFiles(target: NodeTarget, files: readonly NodeFile[], signal: AbortSignal): Promise<readonly string[]>;
  close(): Promise<void>;
}
