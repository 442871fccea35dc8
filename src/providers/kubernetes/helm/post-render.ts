// Run by helm as its post-renderer: manifests come in on standard input, and go out with the
// overrides of the file that is named; or what it says to apply instead goes out.
import { readFileSync } from 'node:fs';
import type { WorkloadOverride } from '../../../domain/index.ts';
import { putOverrides } from './put-overrides.ts';

/** What the file holds. */
export interface PostRenderInput {
  readonly overrides: readonly WorkloadOverride[];
  /** A whole manifest, as it was recorded; null where what comes in goes out. */
  readonly recorded: string | null;
}

const file = process.argv[2] ?? '';
const { overrides, recorded } = JSON.parse(readFileSync(file, 'utf8')) as PostRenderInput;
const rendered = readFileSync(0, 'utf8');
process.stdout.write(recorded ?? putOverrides(rendered, overrides));
