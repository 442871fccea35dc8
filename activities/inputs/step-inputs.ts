import { z } from 'zod';
import type { FrontgateActivities, JobActivities } from '../../src/protocol/index.ts';
import { action, createCluster, id, jobOptions, line, name, wholeNumber } from './fields.ts';

const jobId = id;
const anyNumber = wholeNumber(0, 1_000_000);

/** In the workflow's form: its content was checked when it was thrown. */
const errorInfo = z.looseObject({ kind: line(100), code: line(200), message: z.string('must be text') });
const jobEnd = {
  status: z.enum(['successful', 'failed', 'cancelled'], 'must be successful, failed or cancelled'),
  error: errorInfo.nullable(),
};

/**
 * The input of each step of a job and of a frontgate: anyone who reaches Temporal may start their
 * workflows.
 */
export const STEP_INPUTS: Readonly<Record<keyof JobActivities | keyof FrontgateActivities, z.ZodType>> = {
  BeginJob: z
    .strictObject({
      jobId,
      clusterId: id,
      action,
      options: jobOptions,
      requestedBy: line(500),
      provider: name,
      create: createCluster.optional(),
      frontgate: z.strictObject({ runtimeId: id, vpcId: name, subnetId: name }).optional(),
    })
    .superRefine((job, context) => {
      const fault = (message: string): void =>
        context.addIssue({ code: 'custom', path: ['create'], message });
      if ((job.action === 'create') !== (job.create !== undefined))
        fault('must be present for the action create, and for no other');
      else if (job.create !== undefined && job.create.clusterId !== job.clusterId)
        fault('must be of the cluster that the job is for');
    }),
  loadSlice: z.strictObject({
    jobId,
    slice: z.strictObject({
      step: anyNumber,
      of: z.enum(['tasks', 'lanes'], 'must be tasks or lanes'),
      from: anyNumber,
      to: anyNumber,
    }),
  }),
  EndJob: z.strictObject({ jobId, ...jobEnd, refresh: z.boolean('must be true or false') }),
  LoadFrontgate: z.strictObject({ runtimeId: name, vpcId: name }),
  InspectFrontgate: z.strictObject({ clusterId: id }),
};

/** The input of handle and wait of every task. */
export const TASK_INPUT = z.strictObject({
  taskId: z
    .string('must be text')
    .regex(/^[\w-]{1,100}\.\d{1,7}\.\d{1,7}$/, 'must be <job>.<layer>.<number>'),
});
