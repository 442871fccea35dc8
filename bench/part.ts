import type { TestStack } from '../test/kit/stack.ts';
import type { BenchWorker } from './workers.ts';

/** What a part of the bench measures with: one server and one database for all of them. */
export interface Bench {
  readonly stack: TestStack;
  /** Version id of the package `instant`. */
  readonly app: string;
  readonly settings: BenchSettings;
  /** Starts a worker as a process of its own and waits until it polls. */
  startWorker(role: 'windlass' | 'bare', env?: NodeJS.ProcessEnv): Promise<BenchWorker>;
  /** Reports progress to the user. */
  report(line: string): void;
}

export interface BenchSettings {
  /** Of the engine part, for each size and variant. */
  readonly rounds: number;
  readonly sizes: readonly number[];
  /** How many clusters the fleet part creates at once. */
  readonly fleet: number;
  readonly kills: number;
  readonly historyNodes: number;
  /** Of the Kubernetes part, at once. */
  readonly releases: number;
  readonly memoryJobs: readonly number[];
  /** Of the aws part: nodes of a cluster; those that Ansible makes too, which takes long. */
  readonly awsSizes: readonly number[];
  readonly ansibleSizes: readonly number[];
  readonly awsRounds: number;
  /** How long an instance takes until it runs; on EC2 mostly longer than the default. */
  readonly awsRunSeconds: number;
}

/** One line of the printed table. */
export interface Finding {
  readonly what: string;
  readonly value: string;
  /** Absent where there is nothing to reach. */
  readonly aim?: string;
  readonly met?: boolean;
}

/** What a part has found, and every raw time it comes from. */
export interface PartResult {
  readonly findings: readonly Finding[];
  readonly raw: unknown;
}
