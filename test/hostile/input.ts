import type { Client } from '@temporalio/client';
import type { WindlassClient } from '../../src/client/index.ts';
import type { PackageFile } from '../../src/domain/index.ts';
import type { Requests } from '../../src/protocol/index.ts';

/** One hostile input, by one way in. */
export interface HostileInput {
  /** Way in and what is wrong: the name of its test. */
  readonly name: string;
  send(target: HostileTarget): Promise<unknown>;
  /**
   * `refused`: it must be refused with an error of the closed list that a user can act on.
   * `harmless`: it may also be taken, where nothing bad comes of it.
   */
  readonly outcome: 'refused' | 'harmless';
  /** The client may show the user what was typed: a key, or a value that the form does not call a password. */
  readonly mayBeQuoted?: true;
}

/** What hostile inputs are sent to. */
export interface HostileTarget {
  /** As a user has it: it checks what it sends. */
  readonly client: WindlassClient;
  /** The input of a client that checks nothing. */
  readonly forge: Forge;
  /** Folders and files that an input needs, removed at the end. */
  readonly files: HostileFiles;
  /** A loopback server that keeps what reaches it. */
  readonly collector: { readonly httpUrl: string; readonly port: number };
  /** Text that no answer, log, database or other process may ever show. */
  plant(): string;
  /** A file that holds the worker's keys. */
  readonly keyringFile: string;
  /** A named pipe: a program that opens it for reading hangs. */
  readonly pipe: string;
  /** An existing cluster of another user. */
  readonly otherCluster: { readonly clusterId: string; readonly jobId: string };
}

export interface HostileFiles {
  writeFolder(files: Readonly<Record<string, string | Uint8Array>>): string;
  writeFile(name: string, content: string | Uint8Array): string;
}

/** Requests without a client's checks. */
export interface Forge {
  readonly temporal: Client;
  readonly requests: Requests;
  /** Runs one activity alone, once. @throws WindlassError */
  activity(queue: string, name: string, args: readonly unknown[]): Promise<unknown>;
  /** Starts a workflow and waits for its end. @throws WindlassError */
  workflow(name: string, workflowId: string, args: readonly unknown[]): Promise<unknown>;
  /** Sends a package to the worker, whatever its content. */
  upload(files: readonly PackageFile[]): Promise<unknown>;
  /** Brings bytes in the place of a packed package. */
  uploadBytes(packed: Uint8Array): Promise<unknown>;
}

export function toFiles(files: Readonly<Record<string, string | Uint8Array>>): PackageFile[] {
  return Object.entries(files)
    .map(([path, content]) => ({
      path,
      mode: 0o644,
      content: typeof content === 'string' ? new TextEncoder().encode(content) : content,
    }))
    .sort((one, other) => Buffer.compare(Buffer.from(one.path), Buffer.from(other.path)));
}
