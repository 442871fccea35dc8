import { quoteForShell } from '../../nodes/index.ts';
import { METADATA_FILE } from '../node-paths.ts';
import { buildForgetFilesCommand } from './apply-files.ts';

/** Digest of the content that confd applied last. */
const APPLIED_DIGEST = '/var/lib/windlass/confd-applied';

/** What confd reads: the metadata, and every resource and template, including those of the image. */
const CURRENT_DIGEST = `{ cat ${quoteForShell(METADATA_FILE)}; find /etc/confd/conf.d /etc/confd/templates -type f -exec cat {} + 2>/dev/null; } | sha256sum`;

/** Prints `yes` where the node has confd of its own. */
export const HAS_CONFD_COMMAND = 'if command -v confd >/dev/null 2>&1; then echo yes; else echo no; fi';

/** Prints `stale` if confd has resources and has not applied the current content. */
export function buildCompareCommand(): string {
  return `if [ -d /etc/confd/conf.d ] && [ "$(${CURRENT_DIGEST})" != "$(cat ${quoteForShell(APPLIED_DIGEST)} 2>/dev/null)" ]; then echo stale; else echo current; fi`;
}

/** The previous content of the files that confd may change, until all of them are reloaded. */
const BEFORE = '/var/lib/windlass/confd-before';

/**
 * Restores files that an unfinished run, or one with a failed reload, has changed: confd reloads only
 * files that it changes itself, so a changed file would otherwise never be reloaded.
 */
const PUT_BACK = `put_back() {
  [ -d ${BEFORE} ] || return 0
  index=0
  while IFS= read -r file; do
    index=$((index + 1))
    if [ ! -e ${BEFORE}/$index ]; then rm -f "$file"
    elif ! cmp -s ${BEFORE}/$index "$file"; then
      cp -p ${BEFORE}/$index "$file.windlass"
      mv "$file.windlass" "$file"
    fi
  done < ${BEFORE}/files
  rm -rf ${BEFORE}
}`;

/** Prints the files that conf.d names: `dest = "…"`. */
const DESTINATION = String.raw`s/^[[:space:]]*dest[[:space:]]*=[[:space:]]*["']\([^"']*\)["'].*/\1/p`;

/**
 * Complete or absent: an unfinished copy must not be restored. Creates the folders of new files: confd
 * writes next to its destination and creates none.
 */
const KEEP = `keep() {
  rm -rf ${BEFORE}.new
  mkdir -m 700 ${BEFORE}.new
  sed -n ${quoteForShell(DESTINATION)} /etc/confd/conf.d/*.toml > ${BEFORE}.new/files 2>/dev/null || :
  index=0
  while IFS= read -r file; do
    index=$((index + 1))
    if [ -e "$file" ]; then cp -p "$file" ${BEFORE}.new/$index; else mkdir -p "$(dirname "$file")"; fi
  done < ${BEFORE}.new/files
  mv ${BEFORE}.new ${BEFORE}
}`;

/**
 * Runs confd once over the current content and records that. A failure records nothing, and leaves the
 * files as they were when their programs last read them: the next run changes and reloads them again.
 */
export function buildApplyCommand(prefix: string): string {
  const applied = quoteForShell(APPLIED_DIGEST);
  return `set -eu
mkdir -p "$(dirname ${applied})"
${PUT_BACK}
${KEEP}
digest=$(${CURRENT_DIGEST})
put_back
keep
code=0
confd -onetime -backend file -file ${quoteForShell(METADATA_FILE)} -confdir /etc/confd -prefix ${quoteForShell(prefix)} || code=$?
if [ $code -ne 0 ]; then
  put_back
  exit $code
fi
rm -rf ${BEFORE}.done
mv ${BEFORE} ${BEFORE}.done
printf '%s\\n' "$digest" > ${applied}.new
mv ${applied}.new ${applied}
rm -rf ${BEFORE}.done`;
}

/**
 * Ends a confd that the image runs as a service, and deletes the record of what was applied: after the
 * next start everything is applied, and reloaded, again.
 */
export function buildStopCommand(root: string): string {
  const forget = `rm -f ${quoteForShell(root + APPLIED_DIGEST)}
${buildForgetFilesCommand(root)}`;
  // On a node that shares its machine, the machine's services are not the node's.
  if (root !== '') return forget;
  return `${forget}
if command -v systemctl >/dev/null 2>&1 && systemctl is-active --quiet confd; then systemctl stop confd; fi`;
}
