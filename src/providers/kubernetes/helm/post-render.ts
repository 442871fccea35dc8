// Run by helm as its post-renderer: manifests come in on standard input, and go out with the
// overrides of the file that is named.
import { readFileSync } from 'node:fs';
import type { WorkloadOverride } from './overrides.ts';
import { putOverrides } from './put-overrides.ts';

const file = process.argv[2] ?? '';
const overrides = JSON.parse(readFileSync(file, 'utf8')) as readonly WorkloadOverride[];
process.stdout.write(putOverrides(readFileSync(0, 'utf8'), overrides));
