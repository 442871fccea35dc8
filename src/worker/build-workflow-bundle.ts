import { fileURLToPath } from 'node:url';
import { writeWorkflowBundle } from './workflow-bundle.ts';

// The last step of `npm run build`, run from dist: workers of a built package load this bundle instead of
// creating one, so that all of them run exactly the same workflow code.
await writeWorkflowBundle(fileURLToPath(new URL('../../workflow-bundle.js', import.meta.url)));
