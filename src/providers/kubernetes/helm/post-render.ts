// Run by helm as its post-renderer. Manifests arrive on standard input and are written out with the
// overrides of the given file; if the file holds a whole manifest, that is written out instead.
import { readFileSync } from 'node:fs';
import { putOverrides } from './put-overrides.ts';
import type { WorkloadOverride } from '../release-tasks.ts';

/** The content of the file. */
export interface PostRenderInput {
  readonly overrides: readonly WorkloadOverride[];
  /** A whole manifest as it was recorded; null to write out what arrives. */
  readonly recorded: string | null;
}

const file = process.argv[2] ?? '';
const { overrides, recorded } = JSON.parse(readFileSync(file, 'utf8')) as PostRenderInput;
const rendered = readFileSync(0, 'utf8');
process.stdout.write(recorded ?? putOverrides(rendered, overrides));
