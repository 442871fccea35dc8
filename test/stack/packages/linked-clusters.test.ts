import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StartedJob } from '../../../src/client/index.ts';
import type { Conf } from '../../../src/domain/index.ts';
import type { ClusterView, JobView } from '../../../src/protocol/index.ts';
import { startStack, type TestStack } from '../../kit/stack.ts';
import { countResources, createLocalRuntime, listInstances, NOTHING, RUNTIME } from '../secret-cluster.ts';
import { expectSteps } from './expect-steps.ts';
import { installStandIn, type StandIn } from './stand-in.ts';

const BASE = fileURLToPath(new URL('./base-package', import.meta.url));
const DEPENDENT = fileURLToPath(new URL('./dependent-package', import.meta.url));
const FILE = 'etc/dependent/base.conf';
const JOB_LIMIT_MS = 180_000;

describe('a cluster that is linked to another', () => {
  let stack: TestStack;
  let appctl: StandIn;
  let base: ClusterView;

  const finish = async (job: StartedJob | Promise<StartedJob>): Promise<JobView> => {
    const { jobId, clusterId } = await job;
    return stack.client.jobs.wait(jobId, { clusterId, timeoutMs: JOB_LIMIT_MS });
  };
  const create = (app: string, name: string, conf: Conf = {}): Promise<JobView> =>
    finish(stack.client.clusters.create({ app, runtime: RUNTIME, name, conf, requestId: name }));
  const createDependent = (name: string): Promise<JobView> =>
    create(DEPENDENT, name, { cluster: { base: base.clusterId } });
  const remove = async (name: string): Promise<void> => {
    expect(await finish(stack.client.clusters.delete(name))).toMatchObject({ status: 'successful' });
  };
  /** The root of the only node of a cluster. */
  const rootOf = async (name: string): Promise<string> => {
    const [node] = (await stack.client.clusters.describe(name)).nodes;
    const found = (await listInstances(stack)).find(({ id }) => id === node?.instanceId);
    if (found === undefined) throw new Error(`cluster ${name} has no instance`);
    return found.root;
  };

  beforeAll(async () => {
    appctl = installStandIn();
    stack = await startStack();
    await stack.startWorker(appctl.env);
    await createLocalRuntime(stack, '127.88.0.0/16');
    expect(await create(BASE, 'base')).toMatchObject({ status: 'successful', error: null });
    base = await stack.client.clusters.describe('base');
  }, 120_000);
  afterAll(async () => {
    await stack.stop();
    appctl.remove();
  });

  const renderedFile = (): string =>
    [
      '# The servers of the linked cluster.',
      ...base.nodes
        .toSorted((a, b) => (a.instanceId < b.instanceId ? -1 : 1))
        .map((node) => `server ${node.serverId} ${node.privateIp}`),
      '',
    ].join('\n');

  it('finds its addresses in a file and in its metadata', { timeout: JOB_LIMIT_MS }, async () => {
    expect(await createDependent('dependent')).toMatchObject({ status: 'successful', error: null });
    expect(base.nodes).toHaveLength(2);
    expect(readFileSync(join(await rootOf('dependent'), FILE), 'utf8')).toBe(renderedFile());
    const hosts = await stack.client.clusters.metadata('dependent', { path: '/links/base/hosts/server' });
    expect(hosts).toMatchObject(
      Object.fromEntries(base.nodes.map((node) => [node.instanceId, { ip: node.privateIp }])),
    );
    // A file that was not there before is reloaded, once; then the service starts.
    expectSteps(appctl.take(), ['check client 1', 'reload client 1', 'start client 1']);
    expect(await finish(stack.client.clusters.stop('dependent'))).toMatchObject({ status: 'successful' });
    expect(await finish(stack.client.clusters.start('dependent'))).toMatchObject({ status: 'successful' });
    expectSteps(appctl.take(), ['stop client 1', 'start client 1']);

    // No job begins for a link that leads nowhere, or to an app that the package cannot use.
    const { clusterId } = await stack.client.clusters.describe('dependent');
    for (const [target, message] of [
      ['cl-none', 'there is no cluster with the id "cl-none" in this runtime'],
      ['base', `must be an id: that of "base" is ${base.clusterId}`],
      [clusterId, `"${clusterId}" is of dependent 0.0.0`],
    ] as const) {
      const request = { app: DEPENDENT, runtime: RUNTIME, conf: { cluster: { base: target } } };
      await expect(stack.client.clusters.create(request)).rejects.toMatchObject({
        code: 'CONF_INVALID',
        field: 'cluster.base',
        message: expect.stringContaining(message),
      });
    }
    const literal = join(stack.home, 'literal');
    cpSync(DEPENDENT, literal, { recursive: true });
    const template = join(literal, 'cluster.json.mustache');
    writeFileSync(template, readFileSync(template, 'utf8').replace('{{cluster.base}}', '"cl-none"'));
    await expect(stack.client.clusters.create({ app: literal, runtime: RUNTIME })).rejects.toMatchObject({
      code: 'CONF_INVALID',
      field: 'links.base',
      message: expect.stringContaining('there is no cluster with the id "cl-none" in this runtime'),
    });
    const settings = { addressRange: '127.89.0.0/16', folder: join(stack.home, 'elsewhere') };
    await stack.client.runtimes.create({ name: 'elsewhere', provider: 'local', zone: 'local-1', settings });
    await expect(
      stack.client.clusters.create({
        app: DEPENDENT,
        runtime: 'elsewhere',
        conf: { cluster: { base: base.clusterId } },
      }),
    ).rejects.toMatchObject({ code: 'CONF_INVALID', message: expect.stringContaining('in this runtime') });
    await remove('dependent');
    appctl.take();
  });

  it(
    'has no file that its check refuses, and the error names the file and the check',
    { timeout: JOB_LIMIT_MS },
    async () => {
      appctl.refuse('check', 9);
      const job = await createDependent('unchecked');
      appctl.permit('check');
      expect(job).toMatchObject({ status: 'failed', error: { code: 'NODE_COMMAND_FAILED' } });
      expect(job.error?.message).toContain(`the check of /${FILE} failed`);
      expect(job.error?.message).toContain('appctl check');
      const root = await rootOf('unchecked');
      expect(readFileSync(join(root, 'checked'), 'utf8')).toBe(renderedFile());
      expect(existsSync(join(root, FILE))).toBe(false);
      expectSteps(appctl.take(), ['check client 1']);
      await remove('unchecked');
      appctl.take();
    },
  );

  it('owes a reload that failed, until a later one succeeds', { timeout: JOB_LIMIT_MS }, async () => {
    expect(await createDependent('owing')).toMatchObject({ status: 'successful', error: null });
    expect(await finish(stack.client.clusters.stop('owing'))).toMatchObject({ status: 'successful' });
    appctl.take();
    const root = await rootOf('owing');
    rmSync(join(root, FILE));
    appctl.refuse('reload', 8);
    const job = await finish(stack.client.clusters.start('owing'));
    expect(job).toMatchObject({ status: 'failed', error: { code: 'NODE_COMMAND_FAILED' } });
    expect(job.error?.message).toContain(`the reload of /${FILE} failed`);
    expect(job.error?.message).toContain('appctl reload');
    expect(readFileSync(join(root, FILE), 'utf8')).toBe(renderedFile());
    expectSteps(appctl.take(), ['check client 1', 'reload client 1']);

    // The file is as it should be: only the reload is owed, and only once.
    appctl.permit('reload');
    expect(await finish(stack.client.clusters.start('owing'))).toMatchObject({ status: 'successful' });
    expectSteps(appctl.take(), ['reload client 1', 'start client 1']);
    await remove('owing');
    await remove('base');
    expect(await countResources(stack)).toEqual(NOTHING);
  });
});
