import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Minutes that a file takes, where it is more than half of one; measured on 2 cores. A wrong number
 * costs time only: a long file that begins last runs on while the other core has nothing to do.
 */
const MINUTES: Readonly<Record<string, number>> = {
  'hostile/hostile': 3.5,
  'conformance/kubernetes': 5,
  'faults/worker-killed': 4,
  'conformance/aws-failing': 1.7,
  'conformance/aws': 1.7,
  'faults/frontgate': 1.6,
  'faults/gated-machines': 1.5,
  'kubernetes/release-kills': 1.4,
  'conformance/kubernetes-failing': 1.3,
  'kubernetes/chart-lives': 1.3,
  'stack/packages/lifecycle': 1.2,
  'conformance/aws-mutations': 1,
  'faults/random-rounds': 1,
  'stack/machines': 1,
  'stack/aws-antietcd': 1,
  'stack/whole-job': 0.9,
  'nodes/jump-host': 0.9,
  'kubernetes/cut-helm': 0.8,
  'stack/aws-zookeeper': 0.7,
  'nodes/runner-faults': 0.6,
  'stack/packages/linked-clusters': 0.6,
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
