// Run by helm as its post-renderer: manifests come in on standard input, and go out with the
// overrides of the file that is named.
import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { applyOverride, type WorkloadOverride } from './overrides.ts';

const file = process.argv[2] ?? '';
const overrides = JSON.parse(readFileSync(file, 'utf8')) as readonly WorkloadOverride[];
const documents = parseAllDocuments(readFileSync(0, 'utf8'), { uniqueKeys: false }).map((document) => {
  const object: unknown = document.toJS({ maxAliasCount: 1000 });
  // What is not changed goes on as it came, with its comments: helm knows files by them.
  return applyOverride(object, overrides)
    ? `${document.commentBefore === null ? '' : `#${document.commentBefore}\n`}${JSON.stringify(object)}\n`
    : document.toString();
});
process.stdout.write(documents.map((text) => (text.startsWith('---') ? text : `---\n${text}`)).join(''));
