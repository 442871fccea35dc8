import { WindlassError } from '../../domain/index.ts';
import { type NodeShell, quoteForShell } from '../../nodes/index.ts';
import { toNodeTarget } from '../node-target.ts';
import type { NodeTaskImplementation } from '../task-implementation.ts';
import { applyToNode } from './apply-to-node.ts';

/**
 * Generates the key pair with which the nodes of a role reach others; the private half never leaves the
 * node. An existing pair is kept. Changes: node.passphraselessKey.
 */
export function createSshKeysTask(nodes: NodeShell): NodeTaskImplementation<'GenerateSshKeys'> {
  return {
    handle: async (context, call) => {
      const target = toNodeTarget(context.node, context.access);
      const algorithm = toAlgorithm(context.task.directive.keyType);
      const output = await applyToNode(context, call, () =>
        nodes.run(target, buildSshKeysScript(target.root, algorithm), call.signal),
      );
      return { state: 'done', changes: { node: { passphraselessKey: output.trim() } } };
    },
  };
}

/**
 * ssh-keygen's name for the key type that a package asks for.
 *
 * @throws invalid-input `KEY_TYPE`
 */
export function toAlgorithm(keyType: string): string {
  switch (keyType) {
    case 'ssh-rsa':
      return 'rsa';
    case 'ssh-dsa':
      // No sshd accepts DSA keys any more, and ssh-keygen can no longer generate them.
      return 'rsa';
    case 'ssh-ed25519':
      return 'ed25519';
    default:
      throw new WindlassError(
        'invalid-input',
        `a key of type ${JSON.stringify(keyType)} cannot be generated`,
        {
          code: 'KEY_TYPE',
          hint: 'passphraseless is ssh-rsa, ssh-dsa or ssh-ed25519',
          field: 'passphraseless',
        },
      );
  }
}

/** Prints the public half. Two runs at the same time end with one pair: only one of them creates the link. */
export function buildSshKeysScript(root: string, algorithm: string): string {
  return `set -eu
umask 077
root=${quoteForShell(root)}
home=\${root:+$root/root}
folder=\${home:-$HOME}/.ssh
file=$folder/id_${algorithm}
command -v ssh-keygen >/dev/null || { echo 'ssh-keygen is not installed on this node' >&2; exit 127; }
mkdir -p "$folder"
work=$(mktemp -d "$folder/.windlass.XXXXXX")
trap 'rm -rf "$work"' EXIT
if [ ! -f "$file" ]; then
  ssh-keygen -q -t ${algorithm} -N '' -C windlass -f "$work/key" </dev/null >&2
  ln "$work/key" "$file" 2>/dev/null || [ -f "$file" ]
fi
ssh-keygen -y -P '' -f "$file" </dev/null > "$work/public"
cat "$work/public"
mv "$work/public" "$file.pub"`;
}
