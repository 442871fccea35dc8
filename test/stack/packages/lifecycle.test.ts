import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StartedJob } from '../../../src/client/index.ts';
import type { Conf } from '../../../src/domain/index.ts';
import type { JobView } from '../../../src/protocol/index.ts';
import { startStack, type TestStack } from '../../kit/stack.ts';
import { countResources, createLocalRuntime, NOTHING, RUNTIME } from '../secret-cluster.ts';
import { expectSteps } from './expect-steps.ts';
import { installStandIn, wereBesideEachOther, type StandIn } from './stand-in.ts';

// Packages of other authors are not kept here: they are read where a checkout has them beside it.
const REAL = fileURLToPath(new URL('../../../../shared/reference/packages', import.meta.url));
const MISSING = 'no packages of other authors are installed';
const OURS = fileURLToPath(new URL('./lifecycle-package', import.meta.url));
const GUARDED = fileURLToPath(new URL('./guarded-package', import.meta.url));
const JOB_LIMIT_MS = 180_000;

describe('services on nodes whose appctl writes down how it is called', () => {
  let stack: TestStack;
  let appctl: StandIn;

  beforeAll(async () => {
    appctl = installStandIn();
    stack = await startStack();
    await stack.startWorker(appctl.env);
    await createLocalRuntime(stack, '127.86.0.0/16');
  }, 120_000);
  afterAll(async () => {
    await stack.stop();
    appctl.remove();
  });

  const finish = async (job: StartedJob | Promise<StartedJob>): Promise<JobView> => {
    const { jobId, clusterId } = await job;
    return stack.client.jobs.wait(jobId, { clusterId, timeoutMs: JOB_LIMIT_MS });
  };
  const create = (app: string, name: string, conf: Conf = {}): Promise<StartedJob> =>
    stack.client.clusters.create({ app, runtime: RUNTIME, name, conf, requestId: name });

  describe('of RabbitMQ, whose four roles have orders', () => {
    const app = join(REAL, 'RabbitMQ');

    it('start, stop and go in the order of the lifecycle', { timeout: JOB_LIMIT_MS }, async (context) => {
      if (!existsSync(app)) return context.skip(MISSING);
      const job = await create(app, 'rabbit', { cluster: { ram: { count: 1 } } });
      expect(await finish(job)).toMatchObject({ status: 'successful', error: null });
      const started = appctl.take();
      expectSteps(started, ['start client 1', 'start disc 1,2,3', 'start ram 1', 'start haproxy 1']);
      expect(started.every((call) => call.arguments === '' && call.exitCode === 0)).toBe(true);

      expect(await finish(stack.client.clusters.stop('rabbit'))).toMatchObject({ status: 'successful' });
      expectSteps(appctl.take(), ['stop client 1', 'stop ram 1', 'stop disc 1,2,3', 'stop haproxy 1']);

      expect(await finish(stack.client.clusters.start('rabbit'))).toMatchObject({ status: 'successful' });
      expectSteps(appctl.take(), ['start client 1', 'start disc 1,2,3', 'start ram 1', 'start haproxy 1']);

      // Its destroy services are `appctl stop` too: first they, then the stop services.
      expect(await finish(stack.client.clusters.delete('rabbit'))).toMatchObject({ status: 'successful' });
      expectSteps(appctl.take(), [
        'stop ram 1',
        'stop disc 1,2,3',
        'stop client 1',
        'stop ram 1',
        'stop disc 1,2,3',
        'stop haproxy 1',
      ]);
      expect(await countResources(stack)).toEqual(NOTHING);
    });

    it(
      'are not called for later roles when one fails, and its code and output are reported',
      { timeout: JOB_LIMIT_MS },
      async (context) => {
        if (!existsSync(app)) return context.skip(MISSING);
        appctl.refuse('start', 7, { role: 'disc', sid: '2' });
        const job = await finish(create(app, 'rabbit-fails', { cluster: { ram: { count: 1 } } }));
        appctl.permit('start');
        expect(job).toMatchObject({ status: 'failed', error: { code: 'SERVICE_FAILED' } });
        expect(job.error?.message).toMatch(/disc 2.*exit code 7[^]*appctl start of disc 2 refuses/);
        expectSteps(appctl.take(), ['start client 1', 'start disc 1,2,3']);
        expect(await finish(stack.client.clusters.delete('rabbit-fails', { force: true }))).toMatchObject({
          status: 'successful',
        });
        expect(await countResources(stack)).toEqual(NOTHING);
        appctl.take();
      },
    );
  });

  describe('of ZooKeeper, which protects its data', () => {
    const app = join(REAL, 'Zookeeper');

    it(
      'end a delete that destroy refuses, with its code, and leave all as it is',
      { timeout: JOB_LIMIT_MS },
      async (context) => {
        if (!existsSync(app)) return context.skip(MISSING);
        expect(await finish(create(app, 'keeper'))).toMatchObject({ status: 'successful', error: null });
        expectSteps(appctl.take(), ['start 1,2,3']);

        appctl.refuse('destroy', 42, { role: '', sid: '3' });
        const refused = await finish(stack.client.clusters.delete('keeper'));
        expect(refused).toMatchObject({ status: 'failed', error: { code: 'SERVICE_FAILED' } });
        expect(refused.error?.message).toContain('exit code 42');
        expectSteps(appctl.take(), ['destroy 1,2,3']);
        expect(await countResources(stack)).toMatchObject({ instances: 3, running: 3, volumes: 3 });

        const again = await finish(stack.client.clusters.delete('keeper'));
        expect(again).toMatchObject({ status: 'failed', error: { code: 'SERVICE_FAILED' } });
        expectSteps(appctl.take(), ['destroy 1,2,3']);
        expect(await countResources(stack)).toMatchObject({ instances: 3, running: 3, volumes: 3 });
        appctl.permit('destroy');
        expect(await finish(stack.client.clusters.delete('keeper'))).toMatchObject({ status: 'successful' });
        expectSteps(appctl.take(), ['destroy 1,2,3', 'stop 1,2,3']);
      },
    );
  });

  describe('of Memcached, which has a start and a stop', () => {
    const app = join(REAL, 'Memcached');

    it('are called once for each change', { timeout: JOB_LIMIT_MS }, async (context) => {
      if (!existsSync(app)) return context.skip(MISSING);
      expect(await finish(create(app, 'cache'))).toMatchObject({ status: 'successful', error: null });
      expectSteps(appctl.take(), ['start 1']);
      expect(await finish(stack.client.clusters.stop('cache'))).toMatchObject({ status: 'successful' });
      expectSteps(appctl.take(), ['stop 1']);
      // A stopped cluster is deleted without a word from its nodes.
      expect(await finish(stack.client.clusters.delete('cache'))).toMatchObject({ status: 'successful' });
      expect(appctl.take()).toEqual([]);
    });
  });

  describe('of a package of ours whose destroy cannot be forced', () => {
    it(
      'are asked by every delete of a cluster that was active, until they let one through',
      { timeout: JOB_LIMIT_MS },
      async () => {
        expect(await finish(create(GUARDED, 'guarded'))).toMatchObject({ status: 'successful', error: null });
        expectSteps(appctl.take(), ['start 1,2']);
        appctl.refuse('destroy', 42, { role: '', sid: '2' });
        // Active, then failed by the first refusal; by force and without it.
        for (const force of [true, false, true]) {
          const refused = await finish(stack.client.clusters.delete('guarded', { force }));
          expect(refused).toMatchObject({ status: 'failed', error: { code: 'SERVICE_FAILED' } });
          expect(refused.error?.message).toContain('exit code 42');
          expectSteps(appctl.take(), ['destroy 1,2']);
          expect(await countResources(stack)).toMatchObject({ instances: 2, running: 2, volumes: 2 });
          expect(await stack.client.clusters.describe('guarded')).toMatchObject({ status: 'failed' });
        }
        appctl.permit('destroy');
        expect(await finish(stack.client.clusters.delete('guarded'))).toMatchObject({
          status: 'successful',
        });
        expectSteps(appctl.take(), ['destroy 1,2', 'stop 1,2']);
        expect(await countResources(stack)).toEqual(NOTHING);
      },
    );
  });

  describe('of a package of ours with every order that the specification knows', () => {
    it('run on the nodes and in the places that it names', { timeout: JOB_LIMIT_MS }, async () => {
      expect(await finish(create(OURS, 'ours'))).toMatchObject({ status: 'successful', error: null });
      const made = appctl.take();
      // init of main on one node, tokens on all of main and its replicas, start by order, init of side after it.
      expectSteps(made, [
        'init main 1',
        'token main 1,2 + token main-replica 3,4',
        'start side 1',
        'start main 1,2 + start main-replica 3,4',
        'init side 1',
      ]);
      expect(made[0]?.arguments).toBe('--once two words');
      // Equal orders run in parallel.
      expect(wereBesideEachOther(made)).toBe(true);
    });

    it(
      'continue with a delete that is forced although destroy refuses',
      { timeout: JOB_LIMIT_MS },
      async () => {
        appctl.refuse('destroy', 3, { role: 'main', sid: '1' });
        expect(await finish(stack.client.clusters.delete('ours', { force: true }))).toMatchObject({
          status: 'successful',
        });
        appctl.permit('destroy');
        const calls = appctl.take();
        // destroy of side comes after its stop.
        expectSteps(calls, [
          'destroy main 1',
          'stop main 1,2 + stop main-replica 3,4',
          'stop side 1',
          'destroy side 1',
        ]);
        expect(calls[0]?.exitCode).toBe(3);
      },
    );
  });
});
