import {
  attachKeyPairs,
  attachTags,
  createKeyPair,
  createTag,
  deleteKeyPairs,
  describeAccessKeys,
  describeKeyPairs,
  describeQuotas,
  describeZones,
  detachKeyPairs,
  getQuotaLeft,
} from './account.ts';
import {
  describeInstances,
  describeJobs,
  describeRouters,
  describeVolumes,
  describeVxnets,
} from './describe.ts';
import {
  ceaseInstances,
  modifyInstanceAttributes,
  resizeInstances,
  startInstances,
  stopInstances,
  terminateInstances,
} from './instances.ts';
import type { Params } from './parameters.ts';
import { runInstances } from './run-instances.ts';
import { attachVolumes, createVolumes, deleteVolumes, detachVolumes, resizeVolumes } from './volumes.ts';
import type { RequestContext } from './request-context.ts';

/** Carries a request out, or refuses it before anything has changed. @returns the fields of its answer */
export type ActionImplementation = (context: RequestContext, params: Params) => object;

/** Every action that the emulator knows. */
export const ACTIONS: Readonly<Record<string, ActionImplementation>> = {
  RunInstances: runInstances,
  DescribeInstances: describeInstances,
  StopInstances: stopInstances,
  StartInstances: startInstances,
  TerminateInstances: terminateInstances,
  CeaseInstances: ceaseInstances,
  ResizeInstances: resizeInstances,
  ModifyInstanceAttributes: modifyInstanceAttributes,
  CreateVolumes: createVolumes,
  DescribeVolumes: describeVolumes,
  AttachVolumes: attachVolumes,
  DetachVolumes: detachVolumes,
  ResizeVolumes: resizeVolumes,
  DeleteVolumes: deleteVolumes,
  DescribeJobs: describeJobs,
  DescribeVxnets: describeVxnets,
  DescribeRouters: describeRouters,
  DescribeZones: describeZones,
  GetQuotaLeft: getQuotaLeft,
  DescribeQuotas: describeQuotas,
  DescribeAccessKeys: describeAccessKeys,
  CreateKeyPair: createKeyPair,
  AttachKeyPairs: attachKeyPairs,
  DetachKeyPairs: detachKeyPairs,
  DeleteKeyPairs: deleteKeyPairs,
  DescribeKeyPairs: describeKeyPairs,
  CreateTag: createTag,
  AttachTags: attachTags,
};
