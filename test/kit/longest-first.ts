import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Minutes that a file takes, where it is more than half of one; measured on 2 cores. A wrong number
 * costs time only: a long file that begins last runs on while the other core has nothing to do.
 */
const MINUTES: Readonly<Record<string, number>> = {
  'faults/worker-killed': 5,
  'conformance/kubernetes': 6,
  'kubernetes/chart-lives': 3,
  'faults/gated-machines': 3,
  'kubernetes/release-kills': 2.5,
  'faults/random-rounds': 2.5,
  'faults/frontgate': 2,
  'conformance/aws': 2,
  'conformance/kubernetes-failing': 2,
  'conformance/aws-failing': 1.5,
  'conformance/aws-mutations': 1.5,
  'stack/aws-zookeeper': 1,
  'stack/aws-antietcd': 1,
  'stack/machines': 1,
  'stack/whole-job': 1,
  'kubernetes/bad-days': 1,
  'nodes/jump-host': 1,
  'workflows/wide-job': 1,
  'stack/bad-luck': 0.7,
  'nodes/runner-faults': 0.6,
  'workflows/frontgate': 0.6,
  'stack/changes': 0.5,
};

/** Begins with the longest files; the others keep Vitest's order. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => minutesOf(other) - minutesOf(one));
  }
}

function minutesOf({ moduleId }: TestSpecification): number {
  const name = /test\/([^.]+)\.test\.ts$/.exec(moduleId)?.[1];
  return (name !== undefined && MINUTES[name]) || 0;
}
