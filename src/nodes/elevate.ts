import type { NodeTarget } from './node-shell.ts';

/**
 * Whether what is done on the node must go through sudo: on a machine of its own everything is
 * root's, and another user logs in. On a node that shares its machine the user's own rights do.
 */
export function needsSudo(target: Pick<NodeTarget, 'user' | 'root'>): boolean {
  return target.root === '' && target.user !== 'root';
}

/** A command line of plain words, as root. It never asks for a password: there is nobody to answer. */
export function asRoot(target: Pick<NodeTarget, 'user' | 'root'>, commandLine: string): string {
  return `exec ${needsSudo(target) ? 'sudo -n -H ' : ''}${commandLine}`;
}
