import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common';
import type { JobAction, JobStatus } from '../domain/index.ts';

/** Six search attributes of jobs, all keywords; registered or checked when a worker starts. */
export const SEARCH_ATTRIBUTES = {
  cluster: 'WindlassCluster',
  job: 'WindlassJob',
  action: 'WindlassAction',
  status: 'WindlassStatus',
  runtime: 'WindlassRuntime',
  app: 'WindlassApp',
} as const;

/** The values of a job's search attributes. */
export interface JobAttributes {
  readonly cluster: string;
  readonly job: string;
  readonly action: JobAction;
  readonly status: JobStatus;
  readonly runtime: string;
  readonly app: string;
}

/** In Temporal's form: all of them when a job starts, some of them after a change. */
export function toSearchAttributes(values: Partial<JobAttributes>): SearchAttributePair[] {
  const names = Object.keys(SEARCH_ATTRIBUTES) as (keyof JobAttributes)[];
  return names.flatMap((name) => {
    const value = values[name];
    return value === undefined
      ? []
      : [{ key: defineSearchAttributeKey(SEARCH_ATTRIBUTES[name], 'KEYWORD'), value }];
  });
}
