export { createNodeShell, type NodeShellOptions } from './create-node-shell.ts';
export { generateKeyPair, type KeyPair } from './key-pair.ts';
export { maskSecrets } from './mask-secrets.ts';
export type { CommandSpec, CommandState, NodeFile, NodeShell, NodeTarget } from './node-shell.ts';
export { quoteForShell } from './shell-quote.ts';
