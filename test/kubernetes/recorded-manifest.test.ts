import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { useControlPlane, type KubernetesObject } from '../kit/kubernetes/index.ts';
import { openSmallCharts, WEB, type SmallCharts } from './small-charts.ts';

vi.setConfig({ testTimeout: 240_000 });
const controlPlane = useControlPlane();
let charts: SmallCharts;

beforeAll(async () => {
  charts = await openSmallCharts(controlPlane());
}, 120_000);
afterAll(() => charts?.stop(), 180_000);

const AGENT = `apiVersion: apps/v1
kind: DaemonSet
metadata: { name: {{ .Release.Name }}-agent }
spec:
  selector: { matchLabels: { app: {{ .Release.Name }}-agent } }
  template:
    metadata: { labels: { app: {{ .Release.Name }}-agent } }
    spec:
      automountServiceAccountToken: no
      containers: [ { name: main, image: "web:1", tty: yes } ]
      volumes: [ { name: s, secret: { secretName: s, optional: on, defaultMode: 0400 } } ]
`;
const CHANCE = `apiVersion: v1
kind: Secret
metadata: { name: {{ .Release.Name }} }
stringData:
  password: {{ randAlphaNum 16 | quote }}
  id: {{ uuidv4 | quote }}
  time: {{ now | unixEpoch | quote }}
  note: {{ .Values.note | quote }}
`;
const HOOK = `apiVersion: v1
kind: ConfigMap
metadata: { name: {{ .Release.Name }}-hook, annotations: { helm.sh/hook: "post-install,post-upgrade" } }
data: { chance: {{ randAlphaNum 16 | quote }} }
`;

/** The chart in a folder of its own for each version. */
function writeVersion(version: string): string {
  return charts.write(`chance-${version}`, {
    'Chart.yaml': `apiVersion: v2\nname: chance\nversion: ${version}\n`,
    'values.yaml': 'note: first\nenabled: yes\nmode: 0755\n',
    'values.schema.json': JSON.stringify({
      properties: { enabled: { type: 'boolean' }, mode: { type: 'integer', maximum: 511 } },
    }),
    'templates/all.yaml': [
      WEB,
      WEB.replaceAll('.Release.Name }}', '.Release.Name }}-other').replace(
        'spec:\n',
        'spec:\n  replicas: 2\n',
      ),
      AGENT,
      CHANCE,
      HOOK,
    ].join('---\n'),
  });
}

interface Live {
  readonly secret: Readonly<Record<string, string>> | undefined;
  readonly hook: Readonly<Record<string, string>> | undefined;
  readonly agent: KubernetesObject;
  readonly other: unknown;
  readonly replicas: unknown;
  readonly otherReplicas: unknown;
}

async function look(namespace: string): Promise<Live> {
  const { api } = charts;
  const [core, apps] = [`/api/v1/namespaces/${namespace}`, `/apis/apps/v1/namespaces/${namespace}`];
  const other = await api.get(`${apps}/deployments/chance-other`);
  return {
    secret: (await api.get(`${core}/secrets/chance`)).data,
    hook: (await api.get(`${core}/configmaps/chance-hook`)).data,
    agent: await api.get(`${apps}/daemonsets/chance-agent`),
    replicas: (await api.get(`${apps}/deployments/chance`)).spec?.['replicas'],
    other: other.spec?.['template'],
    otherReplicas: other.spec?.['replicas'],
  };
}

test('counts and sizes leave everything else unchanged; another version or other values render the chart again', async () => {
  const { clusters } = charts.client;
  const chart = writeVersion('1.0.0');
  const namespace = await charts.openRuntime();
  const helms = await controlPlane().createNamespace();
  await charts.helm(helms, 'install', 'chance', chart);
  await charts.succeed(clusters.create({ app: chart, runtime: namespace, name: 'chance' }));
  const first = await look(namespace);
  // As helm alone makes it of the same chart.
  const path = (where: string): string => `/apis/apps/v1/namespaces/${where}/daemonsets/chance-agent`;
  expect(first.agent.spec).toEqual((await charts.api.get(path(helms))).spec);
  expect(JSON.stringify(first.agent.spec)).toContain('"defaultMode":256');

  const expectAsBefore = async (replicas: number): Promise<void> => {
    const { agent, ...now } = await look(namespace);
    expect(now).toEqual({ ...first, agent: undefined, replicas, otherReplicas: 2 });
    expect(agent.spec).toEqual(first.agent.spec);
  };
  await charts.succeed(clusters.addNodes('chance', { role: 'chance', count: 2 }));
  await expectAsBefore(3);
  expect((await look(namespace)).agent.metadata.generation).toBe(first.agent.metadata.generation);
  await charts.succeed(clusters.deleteNodes('chance', { role: 'chance', count: 1 }));
  await expectAsBefore(2);

  await charts.succeed(clusters.stop('chance'));
  await charts.succeed(clusters.start('chance'));
  await expectAsBefore(2);

  await charts.succeed(clusters.resize('chance', { sizes: [{ role: 'chance', cpu: 0.25 }] }));
  await expectAsBefore(2);

  // Rendered again while nothing runs: the record says 0 of everything.
  await charts.succeed(clusters.stop('chance'));
  await charts.succeed(clusters.updateEnv('chance', { settings: { note: 'second' } }));
  const second = await look(namespace);
  expect(Buffer.from(second.secret?.['note'] ?? '', 'base64').toString()).toBe('second');
  expect(second.secret?.['password']).not.toBe(first.secret?.['password']);
  expect([second.replicas, second.otherReplicas]).toEqual([0, 0]);
  await charts.succeed(clusters.start('chance'));
  await charts.succeed(clusters.addNodes('chance', { role: 'chance', count: 1 }));
  const third = await look(namespace);
  expect(third).toMatchObject({ secret: second.secret, hook: second.hook, replicas: 3, otherReplicas: 2 });
  expect(third.agent.spec).toEqual(first.agent.spec);

  // Back, with more nodes than there were: helm has no such revision, and its manifest is taken.
  await charts.succeed(clusters.upgrade('chance', { app: writeVersion('1.0.1') }));
  const fourth = await look(namespace);
  expect(fourth.secret?.['password']).not.toBe(second.secret?.['password']);
  await charts.succeed(clusters.addNodes('chance', { role: 'chance', count: 1 }));
  expect((await look(namespace)).secret).toEqual(fourth.secret);
  await charts.succeed(clusters.rollback('chance'));
  expect((await look(namespace)).secret).toEqual(second.secret);
  await charts.succeed(clusters.delete('chance'));
});
