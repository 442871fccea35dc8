import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Minutes that a file takes, if more than half a minute; measured on 2 cores. A wrong number only costs
 * time: a long file that begins last runs on while the other core is idle.
 */
const MINUTES: Readonly<Record<string, number>> = {
  'conformance/kubernetes': 7.3,
  'faults/worker-killed': 5.4,
  'faults/frontgate-machines': 5,
  'faults/frontgate': 2.8,
  'stack/whole-job': 2.6,
  'conformance/aws': 5,
  'conformance/aws-failing': 3,
  // In fact 7, and its limits are for a worker that hangs: it does not begin beside the four heaviest.
  'hostile/hostile': 2.9,
  'stack/packages/lifecycle': 2.4,
  'conformance/aws-mutations': 2.4,
  'stack/aws-zookeeper': 2.4,
  'kubernetes/release-kills': 2.3,
  'kubernetes/chart-lives': 1.9,
  'conformance/kubernetes-failing': 2.7,
  'conformance/kubernetes-mutations': 1.9,
  'stack/machines': 1.8,
  'faults/random-rounds': 1.8,
  'conformance/local-failing': 1.7,
  'stack/many-accounts': 2,
  'stack/mixed-fleet': 2,
  'conformance/mutations': 1.5,
  'workflows/wide-job': 1.5,
  'stack/aws-antietcd': 1.4,
  'stack/start-owed': 1.4,
  'stack/changes': 1.4,
  'stack/secrets': 1.3,
  'conformance/local': 1.2,
  'faults/lost-workers': 1.2,
  'faults/cancelled-and-killed': 1.2,
  'kubernetes/cut-helm': 1.1,
  'faults/server-killed': 1.1,
  'nodes/jump-host': 1.1,
  'stack/packages/linked-clusters': 1,
  'kubernetes/bad-days': 0.9,
  'kubernetes/bad-input': 0.9,
  'nodes/runner-faults': 0.9,
  'kubernetes/recorded-manifest': 0.8,
  'workflows/run-job': 0.8,
  'stack/packages/zookeeper': 0.8,
  'embedded/database': 0.7,
  'stack/failed-jobs': 0.7,
  'faults/frozen-worker': 0.7,
  'kubernetes/fetched-charts': 0.7,
  'faults/aws-sweep': 0.7,
  'stack/refused-requests': 0.6,
  'nodes/host-key-change': 0.6,
  'stack/bound-secrets': 0.6,
  'kubernetes/own-objects': 0.6,
  'workflows/frontgate': 0.6,
  'faults/stack-killed': 0.6,
  'stack/forged-work': 0.5,
  'providers/local/cloud': 0.5,
  'stack/own-stack': 0.5,
  'faults/ended-jobs': 0.5,
  'web-ui/job-page': 0.5,
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
