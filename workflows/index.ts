export { frontgate } from './frontgate.workflow.ts';
export { runJob } from './run-job.workflow.ts';
export { walkSlice } from './walk-slice.workflow.ts';
