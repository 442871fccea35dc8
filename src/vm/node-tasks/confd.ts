import { quoteForShell } from '../../nodes/index.ts';
import { CONFD_METADATA_FILE } from '../node-paths.ts';

/** Digest of the content that confd applied last. */
const APPLIED_DIGEST = '/var/lib/windlass/confd-applied';

/** Images that bring templates keep them here. */
const HAS_CONFD = `command -v confd >/dev/null 2>&1 && [ -d /etc/confd/conf.d ]`;
const CURRENT_DIGEST = `sha256sum < ${quoteForShell(CONFD_METADATA_FILE)}`;

/** Prints `stale` where the node has confd and confd has not applied the present content. */
export function buildCompareCommand(): string {
  return `if ${HAS_CONFD} && [ "$(${CURRENT_DIGEST})" != "$(cat ${quoteForShell(APPLIED_DIGEST)} 2>/dev/null)" ]; then echo stale; else echo current; fi`;
}

/** Runs confd once over the present content and remembers that it did; a failure remembers nothing. */
export function buildApplyCommand(prefix: string): string {
  const applied = quoteForShell(APPLIED_DIGEST);
  return `set -eu
mkdir -p "$(dirname ${applied})"
digest=$(${CURRENT_DIGEST})
confd -onetime -backend file -file ${quoteForShell(CONFD_METADATA_FILE)} -confdir /etc/confd -prefix ${quoteForShell(prefix)}
printf '%s\\n' "$digest" > ${applied}.new
mv ${applied}.new ${applied}`;
}

/**
 * Ends a confd that the image runs as a service, and forgets what was applied: after the next
 * start everything is applied, and reloaded, anew.
 */
export function buildStopCommand(root: string): string {
  const forget = `rm -f ${quoteForShell(root + APPLIED_DIGEST)}`;
  // On a node that shares its machine, the machine's services are not the node's.
  if (root !== '') return forget;
  return `${forget}
if command -v systemctl >/dev/null 2>&1 && systemctl is-active --quiet confd; then systemctl stop confd; fi`;
}
