import { describe, expect, it } from 'vitest';
import { listEndpoints, nodeFiles } from '../../../src/app-package/index.ts';
import { catchFault, confRequest, loadFixture, textFile, toContent, makeCluster } from './packages.ts';

const ledger = await loadFixture('ledger');
const shards = await loadFixture('shards');
const password = { 'web.console.password': { $secret: 'conf/env.web.console.password' } };
const ledgerConf = { env: password };
const shardsConf = { env: { secret: { $secret: 'conf/env.secret' } } };

describe('parseClusterConf of a package without roles', () => {
  const { cluster, roles, nodes, links } = makeCluster(confRequest(ledger, ledgerConf));

  it('makes the cluster from the form and its defaults', () => {
    expect(cluster).toMatchObject({
      clusterId: 'cl-1',
      name: 'Ledger',
      appName: 'Ledger',
      versionId: ledger.versionId,
      runtimeId: 'rt-1',
      subnetId: 'vxnet-default',
      vpcId: '',
      status: 'pending',
      transitionStatus: null,
      endpoints: [{ name: 'client', port: 'env.-p', protocol: 'tcp' }],
      upgradePolicy: ['appv-1', 'appv-2'],
      advancedActions: ['change_vxnet', 'scale_horizontal'],
      purpose: 'app',
      metadataRootAccess: false,
      createdAt: '2026-01-01T00:00:00Z',
    });
    expect(links).toEqual([]);
  });

  it('keeps env values with their types and passwords as references', () => {
    expect(cluster.env).toEqual({
      '-p': 7000,
      '-f': 1.25,
      'web.console.enabled': true,
      ...password,
      '4lw': 'conf,ruok',
      admin: 'root',
      odd: 9,
      note: '',
    });
  });

  it('makes one role with no name, its volume of the class of its instance', () => {
    expect(roles).toHaveLength(1);
    expect(roles[0]).toMatchObject({
      role: '',
      cpu: 2,
      memoryMiB: 2048,
      instanceClass: 101,
      serverIdUpperBound: 4,
      replica: 0,
      verticalScalingPolicy: 'sequential',
      volumes: [
        {
          index: 0,
          sizeGiB: 20,
          volumeClass: 101,
          mountPoint: '/data',
          filesystem: 'ext4',
          mountOptions: 'defaults,noatime',
        },
      ],
      healthCheck: { enable: true, check_cmd: 'ctl check', interval_sec: 60 },
    });
  });

  it('reads services with their fields and the defaults of the specification', () => {
    const services = new Map(roles[0]?.services.map((service) => [service.name, service]));
    expect(services.get('start')).toEqual({
      name: 'start',
      custom: false,
      command: 'ctl start',
      order: 0,
      nodesToExecuteOn: null,
      timeoutSeconds: 8000,
      postStartService: false,
      postStopService: false,
      allowForce: true,
      preCheck: null,
      selector: null,
      idempotent: false,
      serviceParams: {},
    });
    expect(services.get('stop')?.timeoutSeconds).toBe(600);
    expect(services.get('destroy')).toMatchObject({ allowForce: false, postStopService: true });
    expect(services.get('backup')).toMatchObject({ selector: 'ctl leader', nodesToExecuteOn: 1 });
    expect(services.get('rebalance all')).toMatchObject({ custom: true, serviceParams: { speed: 'slow' } });
  });

  it('makes nodes that do not exist yet', () => {
    expect(nodes.map(({ role, serverId, groupId }) => [role, serverId, groupId])).toEqual([
      ['', 1, 1],
      ['', 2, 2],
      ['', 3, 3],
    ]);
    expect(nodes[0]).toMatchObject({
      isReplica: false,
      status: 'pending',
      instanceId: '',
      ssh: { port: 22, user: 'root', hostKey: '', root: '' },
      volumes: [{ index: 0, volumeId: '', sizeGiB: 20, device: '', mountPoint: '/data' }],
    });
  });
});

describe('parseClusterConf of a package with roles', () => {
  const wrapper = makeCluster(confRequest(shards, shardsConf));
  const [master, proxy] = wrapper.roles;

  it('names the cluster after the app where no name is given', () => {
    expect(wrapper.cluster).toMatchObject({ name: 'shards', appName: 'shards', metadataRootAccess: true });
  });

  it('divides the size of a node over its mount points', () => {
    expect(master?.volumes).toEqual(
      ['/data1', '/data2', '/data3'].map((mountPoint, index) => ({
        index,
        sizeGiB: 10,
        volumeClass: 2,
        mountPoint,
        mountOptions: 'rw,noatime,inode64,allocsize=16m',
        filesystem: 'xfs',
      })),
    );
    expect(proxy?.volumes).toEqual([]);
  });

  it('takes a mount point that ends with a slash for the same without', () => {
    const node = '{"container": {"type": "kvm", "image": "i"}, "count": 1, "cpu": 1, "memory": 1024, ';
    const mounted = (point: string): readonly string[] | undefined => {
      const cluster = `{"nodes": [${node}"volume": {"size": 10, "mount_point": "${point}"}}]}`;
      const files = [textFile('config.json', '{"properties": []}'), textFile('cluster.json.tmpl', cluster)];
      return makeCluster(confRequest(toContent(files), {})).roles[0]?.volumes.map(
        ({ mountPoint }) => mountPoint,
      );
    };
    expect(mounted('/var/lib/etcd/')).toEqual(['/var/lib/etcd']);
    expect(mounted('/data//')).toEqual(['/data']);
    expect(mounted('/')).toEqual(['/']);
  });

  it('gives replicas the group of the node that they copy, and server ids of their own', () => {
    expect(
      wrapper.nodes.map(({ role, serverId, groupId, isReplica }) => [role, serverId, groupId, isReplica]),
    ).toEqual([
      ['master', 1, 1, false],
      ['master', 2, 2, false],
      ['master-replica', 3, 1, true],
      ['master-replica', 4, 1, true],
      ['master-replica', 5, 2, true],
      ['master-replica', 6, 2, true],
      ['proxy', 1, 1, false],
    ]);
  });

  it('lets a role override the health check of the cluster key by key', () => {
    expect(master?.healthCheck).toEqual({ enable: true, interval_sec: 90, check_cmd: 'ctl check' });
    expect(proxy?.healthCheck).toEqual({ enable: true, interval_sec: 60, check_cmd: 'ctl check' });
  });

  it('keeps what roles declare', () => {
    expect(master).toMatchObject({
      passphraseless: 'ssh-rsa',
      customMetadata: { command: 'ctl token', timeoutSeconds: 600 },
      replica: 2,
    });
    expect(master?.services.map((service) => [service.name, service.order, service.preCheck])).toEqual([
      ['init', 0, null],
      ['start', 1, null],
      ['scale_in', 0, 'ctl may-scale-in'],
    ]);
    expect(proxy).toMatchObject({
      userAccess: true,
      env: { port: 8080 },
      container: { type: 'docker', image: 'proxy:1', zone: '' },
    });
    expect(wrapper.cluster.reservedIps).toEqual({ vip: '' });
    expect(wrapper.cluster.displayTabs).toEqual({ 'node details': { cmd: 'ctl tab', timeout: 10 } });
  });

  it('makes links only where a cluster was chosen', () => {
    expect(wrapper.links).toEqual([]);
    const linked = makeCluster(confRequest(shards, { ...shardsConf, cluster: { registry: 'cl-9' } }));
    expect(linked.links).toEqual([{ clusterId: 'cl-1', name: 'registry', targetClusterId: 'cl-9' }]);
  });

  it('finds the port and the nodes behind an endpoint', () => {
    const nodes = wrapper.nodes.map((node, index) => ({ ...node, privateIp: `127.1.0.${index + 1}` }));
    expect(listEndpoints({ ...wrapper, nodes })).toEqual([
      { name: 'web', protocol: 'tcp', port: 8080, addresses: ['127.1.0.7:8080'] },
      {
        name: 'store',
        protocol: 'tcp',
        port: 6379,
        addresses: nodes.map((node) => `${node.privateIp}:6379`),
      },
    ]);
  });

  it('copies the node folder with its modes', () => {
    expect(nodeFiles(shards).map(({ path, mode }) => [path, mode])).toEqual([
      ['/opt/windlass/app/bin/ctl', 0o755],
    ]);
  });
});

describe('parseClusterConf', () => {
  it('gives the same cluster for the same request, and other ids for another cluster', () => {
    const parse = (clusterId: string) => makeCluster(confRequest(shards, shardsConf), clusterId);
    expect(JSON.stringify(parse('cl-1'))).toBe(JSON.stringify(parse('cl-1')));
    const ids = [...parse('cl-1').nodes, ...parse('cl-2').nodes].map((node) => node.nodeId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => /^cln-[0-9a-f]{12}$/.test(id))).toBe(true);
  });

  it('gives a thousand nodes a thousand different global server ids of nine digits', () => {
    const config =
      '{"properties": [{"key": "n", "label": "n", "type": "integer", "default": 1000, "required": "yes"}]}';
    const cluster = '{"nodes": [{"container": {"type": "kvm", "image": "i"}, "count": {{n}}}]}';
    const content = toContent([textFile('config.json', config), textFile('cluster.json.mustache', cluster)]);
    const ids = makeCluster(confRequest(content, {})).nodes.map((node) => node.globalServerId);
    expect(new Set(ids).size).toBe(1000);
    expect(ids.every((id) => /^[1-9]\d{8}$/.test(String(id)))).toBe(true);
  });

  it.each([
    [
      'more nodes than server ids',
      ledger,
      { ...ledgerConf, cluster: { keeper: { count: 5 } } },
      'cluster.keeper.count',
    ],
    [
      'no node at all',
      shards,
      { ...shardsConf, cluster: { master: { count: 0 }, proxy: { count: 0 } } },
      'cluster.master.count',
    ],
    [
      'a size that cannot be divided',
      shards,
      { ...shardsConf, cluster: { master: { volume_size: 40 } } },
      'cluster.master.volume_size',
    ],
    [
      'a value out of range',
      ledger,
      { ...ledgerConf, cluster: { keeper: { cpu: 3 } } },
      'cluster.keeper.cpu',
    ],
    ['a key that is not there', ledger, { ...ledgerConf, env: { ...password, port: 1 } }, 'env.port'],
    ['a required value that is missing', shards, {}, 'env.secret'],
    [
      'a password that is no reference',
      ledger,
      { env: { 'web.console.password': 'PLANTED' } },
      'env.web.console.password',
    ],
    ['a default password that is no reference', ledger, {}, 'env.web.console.password'],
  ])('refuses %s, naming the key', (_, content, conf, field) => {
    const fault = catchFault(() => makeCluster(confRequest(content, conf)));
    expect(fault).toMatchObject({ code: 'CONF_INVALID', fields: [field] });
    expect(fault.message).not.toContain('PLANTED');
  });

  it('refuses a package that is not sound', () => {
    const content = toContent([textFile('config.json', '{}'), textFile('cluster.json.mustache', '{}')]);
    expect(catchFault(() => makeCluster(confRequest(content, {}))).code).toBe('APP_INVALID');
  });
});
