import type { NodeTarget } from './node-shell.ts';

/**
 * Whether commands on the node must use sudo: on a machine of its own everything belongs to root, and
 * another user logs in. On a node that shares its machine, the user's own rights are enough.
 */
export function needsSudo(target: Pick<NodeTarget, 'user' | 'root'>): boolean {
  return target.root === '' && target.user !== 'root';
}

/** A command line of plain words, as root. It never asks for a password, because no one could enter it. */
export function asRoot(target: Pick<NodeTarget, 'user' | 'root'>, commandLine: string): string {
  return `exec ${needsSudo(target) ? 'sudo -n -H ' : ''}${commandLine}`;
}
