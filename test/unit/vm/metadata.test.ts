import { parse as parseYaml } from 'yaml';
import { describe, expect, it } from 'vitest';
import { flattenTree } from '../../../src/confd/index.ts';
import type { ClusterWrapper, SecretReference } from '../../../src/domain/index.ts';
import type { RelatedMetadata } from '../../../src/provider/index.ts';
import { buildMetadataTree, createSharedMetadata, shareMetadata } from '../../../src/vm/metadata/index.ts';
import { confRequest, loadFixture, makeCluster } from '../app-package/packages.ts';

const made = makeCluster(
  confRequest(await loadFixture('shards'), {
    cluster: { registry: 'cl-9' },
    env: { secret: { $secret: 'conf/env.secret' } },
  }),
);
const wrapper: ClusterWrapper = {
  ...made,
  nodes: made.nodes.map((node, index) => ({
    ...node,
    status: 'active',
    instanceId: `i-${index + 1}`,
    privateIp: `127.1.0.${index + 1}`,
  })),
};
const idOf = (index: number): string => wrapper.nodes[index]?.nodeId ?? '';
const openSecret = async ({ $secret }: SecretReference): Promise<string> => `opened ${$secret}`;

describe('buildMetadataTree', () => {
  const tree = buildMetadataTree(wrapper, { zone: 'zone-a' });

  it('lists hosts by role and instance, all values as strings', () => {
    expect(tree['hosts']).toMatchObject({
      master: { 'i-1': { sid: '1', gid: '1' }, 'i-2': { sid: '2', gid: '2' } },
      'master-replica': { 'i-3': { sid: '3', gid: '1' }, 'i-6': { sid: '6', gid: '2' } },
      proxy: { 'i-7': { sid: '1', gid: '1', volume_size: '0' } },
    });
    expect(tree).toHaveProperty(['hosts', 'master', 'i-1'], {
      ip: '127.1.0.1',
      eip: '',
      mac: '',
      sid: '1',
      gid: '1',
      gsid: String(wrapper.nodes[0]?.globalServerId),
      node_id: idOf(0),
      instance_id: 'i-1',
      cpu: '1',
      gpu: '0',
      memory: '1024',
      volume_size: '30',
      instance_class: '0',
      gpu_class: '0',
      volume_class: '2',
      physical_machine: '',
      role: 'master',
      reserved_ips: { vip: { value: '' } },
    });
  });

  it('describes replicas by the role that they copy', () => {
    expect(tree).toHaveProperty(['hosts', 'master-replica', 'i-3', 'volume_class'], '2');
  });

  it('lists hosts of a package without roles flat', () => {
    const nodes = wrapper.nodes.slice(0, 1).map((node) => ({ ...node, role: '', instanceId: '' }));
    const roles = wrapper.roles.slice(0, 1).map((role) => ({ ...role, role: '' }));
    expect(Object.keys(Object(buildMetadataTree({ ...wrapper, nodes, roles })['hosts']))).toEqual([idOf(0)]);
  });

  it('resolves endpoint ports and keeps secrets as references', () => {
    expect(tree['cluster']).toMatchObject({
      app_id: 'shards',
      cluster_id: 'cl-1',
      vxnet: 'vxnet-default',
      zone: 'zone-a',
      endpoints: {
        web: { port: '8080', protocol: 'tcp' },
        store: { port: '6379', protocol: 'tcp' },
        reserved_ips: { vip: { value: '' } },
      },
    });
    expect(tree).toHaveProperty(
      ['cluster', 'global_uuid'],
      expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
    );
    expect(tree['env']).toEqual({ secret: { $secret: 'conf/env.secret' }, proxy: { port: '8080' } });
  });

  it('names a linked cluster by its id: its tree is its own', () => {
    expect(tree['links']).toEqual({ registry: 'cl-9' });
  });

  it('shows hosts that join or leave, and roles that change size, only while they do', () => {
    expect(Object.keys(tree)).toEqual(['hosts', 'cluster', 'env', 'links']);
    const changing = buildMetadataTree(wrapper, {
      addingHosts: [idOf(1)],
      deletingHosts: [idOf(6)],
      verticalScalingRoles: ['master', 'master-replica'],
    });
    expect(changing).toMatchObject({
      'adding-hosts': { master: { 'i-2': { sid: '2' } } },
      'deleting-hosts': { proxy: { 'i-7': { sid: '1' } } },
      'vertical-scaling-roles': 'master,master-replica',
    });
  });

  it('leaves deleted nodes out', () => {
    const nodes = wrapper.nodes.map((node, index) =>
      index === 6 ? { ...node, status: 'deleted' as const } : node,
    );
    expect(buildMetadataTree({ ...wrapper, nodes })['hosts']).not.toHaveProperty('proxy');
  });

  it('grows with the nodes and no faster: a thousand cost less than a kilobyte each', () => {
    const measure = (count: number): number => {
      const copies = Array.from({ length: count }, (_, copy) =>
        wrapper.nodes.slice(0, 1).map((node) => ({
          ...node,
          nodeId: `${node.nodeId}-${copy}`,
          instanceId: `i-${copy}`,
          privateIp: `10.0.${copy >> 8}.${copy & 255}`,
        })),
      );
      return JSON.stringify(buildMetadataTree({ ...wrapper, nodes: copies.flat() })).length;
    };
    expect(measure(1000)).toBeGreaterThan(100_000);
    expect(measure(1000)).toBeLessThan(1_000_000);
    // A tenth more for longer numbers.
    expect(measure(1000)).toBeLessThan(measure(100) * 11);
  });

  it('is the same whatever the order of the nodes', () => {
    const reversed = { ...wrapper, nodes: [...wrapper.nodes].reverse() };
    expect(JSON.stringify(buildMetadataTree(reversed, { zone: 'zone-a' }))).toBe(JSON.stringify(tree));
  });
});

describe('what a node is told', () => {
  const tree = buildMetadataTree(wrapper);
  const sources = { tree, related: [], openSecret, rootAccess: false };
  const linked: RelatedMetadata = {
    clusterId: 'cl-9',
    links: ['registry'],
    tree: {
      cluster: { cluster_id: 'cl-9', endpoints: { api: { port: '5000' } } },
      env: { token: { $secret: 't' } },
    },
    openSecret: async () => 'token of cl-9',
  };

  it('is the tree as self, with its own entry as host and secrets opened', async () => {
    const { json, values } = (await shareMetadata(sources)).forNode(idOf(1));
    const { self } = JSON.parse(json) as { self: Record<string, unknown> };
    expect(self).toMatchObject({
      host: { instance_id: 'i-2', ip: '127.1.0.2' },
      env: { secret: 'opened conf/env.secret' },
      hosts: { proxy: { 'i-7': {} } },
      links: { registry: 'cl-9' },
    });
    expect(Object.keys(JSON.parse(json) as object)).toEqual(['self']);
    expect(values.get('/self/host/ip')).toBe('127.1.0.2');
    expect(values.get('/self/hosts/master/i-1/ip')).toBe('127.1.0.1');
  });

  it('is the same in its three forms', async () => {
    const shared = await shareMetadata({ ...sources, related: [linked], rootAccess: true });
    for (const node of wrapper.nodes) {
      const { json, document, values } = shared.forNode(node.nodeId);
      expect(JSON.parse(json)).toEqual(document);
      expect(values).toEqual(flattenTree(document));
    }
  });

  it('holds the tree of a linked cluster with its values in the place of its id', async () => {
    const { document } = (await shareMetadata({ ...sources, related: [linked] })).forNode(idOf(0));
    expect(document).toMatchObject({
      self: {
        links: {
          registry: { cluster: { endpoints: { api: { port: '5000' } } }, env: { token: 'token of cl-9' } },
        },
      },
    });
    expect(document).not.toHaveProperty('clusters');
  });

  it('holds with root access every cluster beside self, strangers without their secrets', async () => {
    const stranger = { ...linked, clusterId: 'cl-7', links: [], openSecret: null };
    const shared = await shareMetadata({ ...sources, related: [stranger], rootAccess: true });
    expect(shared.forNode(idOf(0)).document).toMatchObject({
      self: { links: { registry: 'cl-9' } },
      clusters: {
        'cl-1': { cluster: { cluster_id: 'cl-1' } },
        'cl-7': { env: { token: '' } },
      },
    });
  });

  it('opens each secret once', async () => {
    const opened: string[] = [];
    const twice = { a: { x: { $secret: 's' } }, b: { y: { $secret: 's' } } };
    await shareMetadata({
      ...sources,
      tree: twice,
      openSecret: async ({ $secret }) => {
        opened.push($secret);
        return '';
      },
    });
    expect(opened).toEqual(['s']);
  });

  it('is read by YAML, as confd does, just as by JSON', async () => {
    const awkward = {
      env: { text: 'a\u2028b\u0085c\ttab "quoted" 😀 : # {{x}}\n', 'a: b': '- x', '<<': 'merge' },
    };
    const { json } = (await shareMetadata({ ...sources, tree: awkward })).forNode('');
    expect(JSON.parse(json)).toMatchObject({ self: awkward });
    expect(parseYaml(json, { version: '1.1' })).toEqual(JSON.parse(json));
    // YAML 1.1 ends a line at these, even inside quotes.
    expect(json).not.toMatch(/[\u0085\u2028\u2029]/);
  });

  it('is an empty host for a node that the tree does not know, and well-formed for an empty tree', async () => {
    const { json } = (await shareMetadata({ ...sources, tree: {} })).forNode('nobody');
    expect(JSON.parse(json)).toEqual({ self: { host: {} } });
  });
});

describe('what all nodes are told alike', () => {
  it('is made once as long as no tree changes', async () => {
    const share = createSharedMetadata();
    const tree = buildMetadataTree(wrapper);
    const sources = { tree, related: [], openSecret, rootAccess: false };
    const first = await share(sources);
    expect(await share({ ...sources })).toBe(first);
    expect(await share({ ...sources, tree: { ...tree } })).not.toBe(first);
  });

  it('is made again after it failed', async () => {
    const share = createSharedMetadata();
    const sources = { tree: { a: { $secret: 'x' } }, related: [], rootAccess: false };
    await expect(share({ ...sources, openSecret: () => Promise.reject(new Error('away')) })).rejects.toThrow(
      'away',
    );
    await expect(share({ ...sources, openSecret })).resolves.toBeDefined();
  });
});
