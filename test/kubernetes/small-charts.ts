import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { StartedJob, WindlassClient } from '../../src/client/index.ts';
import type { JobView } from '../../src/protocol/index.ts';
import { findTestHelm } from '../kit/find-helm.ts';
import type { ApiClient, ControlPlane } from '../kit/kubernetes/index.ts';
import { startStack, type TestStack } from '../kit/stack.ts';

const run = promisify(execFile);

/** Charts of a few lines, on a whole windlass and on helm alone, beside each other. */
export interface SmallCharts {
  readonly stack: TestStack;
  readonly client: WindlassClient;
  readonly api: ApiClient;
  /** A chart's folder. */
  write(name: string, files: Readonly<Record<string, string>>): string;
  /** A runtime on a namespace of its own; its name is the namespace's. */
  openRuntime(): Promise<string>;
  /** Waits for the job, and for it to have gone well. */
  succeed(job: Promise<StartedJob>): Promise<JobView>;
  /** helm itself, in a namespace. @throws its output */
  helm(namespace: string, ...args: string[]): Promise<string>;
  stop(): Promise<void>;
}

export async function openSmallCharts(plane: ControlPlane): Promise<SmallCharts> {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-small-'));
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, plane.kubeconfig(), { mode: 0o600 });
  const stack = await startStack();
  await stack.startWorker();
  const { client } = stack;
  const program = await findTestHelm();
  return {
    stack,
    client,
    api: plane.api,
    write(name, files) {
      const all = { 'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n`, ...files };
      for (const [file, text] of Object.entries(all)) {
        mkdirSync(dirname(join(folder, name, file)), { recursive: true });
        writeFileSync(join(folder, name, file), text);
      }
      return join(folder, name);
    },
    async openRuntime() {
      const namespace = await plane.createNamespace();
      await client.runtimes.create({
        name: namespace,
        provider: 'kubernetes',
        zone: namespace,
        credential: plane.kubeconfig(),
        settings: { waitSeconds: '60', patienceSeconds: '20' },
      });
      return namespace;
    },
    async succeed(job) {
      const { jobId, clusterId } = await job;
      const view = await client.jobs.wait(jobId, { clusterId });
      if (view.status !== 'successful') throw new Error(`${view.action}: ${JSON.stringify(view.error)}`);
      return view;
    },
    async helm(namespace, ...args) {
      const env = { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: kubeconfig };
      const { stdout } = await run(program.path, [...args, '--namespace', namespace], { env });
      return stdout;
    },
    async stop() {
      await stack.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A Deployment of one pod, named as the release is. */
export const WEB = `apiVersion: apps/v1
kind: Deployment
metadata: { name: {{ .Release.Name }} }
spec:
  selector: { matchLabels: { app: {{ .Release.Name }} } }
  template:
    metadata: { labels: { app: {{ .Release.Name }} } }
    spec: { containers: [ { name: main, image: "web:1" } ] }
`;

/** A StatefulSet with a claim named `data-<release>-<part>-0`. */
export function writeSet(part: string, metadata = ''): string {
  const name = `{{ .Release.Name }}-${part}`;
  return `apiVersion: apps/v1
kind: StatefulSet
metadata: { name: ${name}${metadata} }
spec:
  serviceName: x
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { containers: [ { name: main, image: "web:1" } ] }
  volumeClaimTemplates:
    - metadata: { name: data }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`;
}

/** A ConfigMap with annotations. */
export function writeMap(name: string, annotations: Readonly<Record<string, string>>): string {
  return `apiVersion: v1
kind: ConfigMap
metadata: { name: ${name}, annotations: ${JSON.stringify(annotations)} }
data: { of: {{ .Release.Name }} }
`;
}
