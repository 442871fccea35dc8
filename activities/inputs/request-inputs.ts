import { z } from 'zod';
import { MAX_PACKAGE_BYTES, MAX_PAGE_ITEMS } from '../../src/domain/index.ts';
import { PART_BYTES, type Requests } from '../../src/protocol/index.ts';
import {
  action,
  createCluster,
  id,
  jobOptions,
  line,
  lines,
  name,
  sealedSecret,
  settings,
  wholeNumber,
} from './fields.ts';
import { checkInput } from './check-input.ts';

const page = {
  limit: wholeNumber(1, MAX_PAGE_ITEMS),
  after: name.optional(),
};
const flag = z.boolean('must be true or false').optional();
const url = line(2_000);

const runtimeInput = z.strictObject({
  runtimeId: id,
  name,
  provider: name,
  url,
  zone: name,
  settings,
  credential: sealedSecret.nullable(),
});

const runtimeQuery = z.union(
  [z.strictObject({ runtime: name }), z.strictObject({ input: runtimeInput })],
  'must name a stored runtime, or describe one',
);

const upload = z.strictObject({
  digest: line(128),
  sizeBytes: wholeNumber(0, Number.MAX_SAFE_INTEGER),
  parts: wholeNumber(0, Number.MAX_SAFE_INTEGER),
  claim: name.optional(),
});

/**
 * The input of each request, as a check beside its type in src/protocol/requests.ts: a client that is
 * older, newer or not ours may send anything. Fields that are not listed are refused.
 */
export const REQUEST_SCHEMAS: Readonly<Record<keyof Requests, z.ZodType>> = {
  getSealingKey: z.undefined(),
  describeWorker: z.undefined(),

  createRuntime: runtimeInput,
  updateRuntime: z.strictObject({
    runtime: name,
    url: url.optional(),
    zone: name.optional(),
    settings: settings.optional(),
    credential: sealedSecret.optional(),
  }),
  deleteRuntime: z.strictObject({ runtime: name }),
  listRuntimes: z.strictObject(page),
  describeRuntime: z.strictObject({ runtime: name }),
  validateRuntime: runtimeQuery,
  listZones: runtimeQuery,
  listSubnets: z.strictObject({ runtime: name }),
  describeVpc: z.strictObject({ runtime: name, vpcId: name }),

  beginAppUpload: upload,
  putAppPart: z.strictObject({
    digest: line(128),
    index: wholeNumber(0, Math.ceil(MAX_PACKAGE_BYTES / PART_BYTES)),
    base64: line(2 * PART_BYTES),
  }),
  registerApp: upload,
  registerChart: z.strictObject({
    chart: line(1_000),
    repository: url.optional(),
    version: name.optional(),
    certificateAuthority: lines(256 * 1024).optional(),
    credential: sealedSecret.optional(),
    claim: name.optional(),
  }),
  releaseApp: z.strictObject({ claim: name }),
  listApps: z.strictObject(page),
  describeApp: z.strictObject({ version: name }),

  checkCreateCluster: createCluster,
  checkJob: z.strictObject({ jobId: id, clusterId: name, action, options: jobOptions }),
  describeCluster: z.strictObject({ cluster: name, refresh: flag }),
  readMetadata: z.strictObject({ cluster: name, node: name.optional(), path: line(4_000).optional() }),
  listClusters: z.strictObject({ ...page, includeDeleted: flag, includeFrontgates: flag }),

  describeJob: z.strictObject({ jobId: name, layer: wholeNumber(0, 1_000_000).optional() }),
  findJob: z.strictObject({ jobId: name }),
  listJobs: z.strictObject({ ...page, clusterId: name.optional() }),
};

/** @throws invalid-input `INPUT_INVALID` */
export function checkRequest(request: string, input: unknown): void {
  checkInput(request, REQUEST_SCHEMAS[request as keyof Requests], input);
}

/** Whether an activity answers a client. */
export function isRequest(activity: string): activity is keyof Requests {
  return Object.hasOwn(REQUEST_SCHEMAS, activity);
}
