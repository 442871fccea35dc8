import { parse as parseYaml } from 'yaml';
import { describe, expect, it } from 'vitest';
import { parseClusterConf } from '../../../src/app-package/index.ts';
import type { ClusterWrapper, SecretReference } from '../../../src/domain/index.ts';
import { buildMetadataTree, renderNodeMetadata } from '../../../src/vm/metadata.ts';
import { confRequest, loadFixture } from '../app-package/packages.ts';

const made = parseClusterConf(
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

  it('shows a link as the tree of its cluster where that is given, else as its id', () => {
    expect(tree['links']).toEqual({ registry: 'cl-9' });
    const linked = buildMetadataTree(wrapper, { links: { registry: { env: { a: '1' } } } });
    expect(linked['links']).toEqual({ registry: { env: { a: '1' } } });
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

  it('is the same whatever the order of the nodes', () => {
    const reversed = { ...wrapper, nodes: [...wrapper.nodes].reverse() };
    expect(JSON.stringify(buildMetadataTree(reversed, { zone: 'zone-a' }))).toBe(JSON.stringify(tree));
  });
});

describe('renderNodeMetadata', () => {
  const tree = buildMetadataTree(wrapper);

  it('gives a node the tree as self, with its own entry as host and secrets opened', async () => {
    const { json, confd } = await renderNodeMetadata(tree, idOf(1), openSecret);
    const { self } = JSON.parse(json) as { self: Record<string, unknown> };
    expect(self).toMatchObject({
      host: { instance_id: 'i-2', ip: '127.1.0.2' },
      env: { secret: 'opened conf/env.secret' },
      hosts: { proxy: { 'i-7': {} } },
    });
    expect(Object.keys(JSON.parse(json))).toEqual(['self']);
    expect(confd).toBe(json);
  });

  it('shows the cluster beside self where the package asked for root access', async () => {
    const { json } = await renderNodeMetadata(tree, idOf(0), openSecret, { rootAccess: true });
    expect(JSON.parse(json)).toMatchObject({ clusters: { 'cl-1': { cluster: { cluster_id: 'cl-1' } } } });
  });

  it('opens each secret once', async () => {
    const opened: string[] = [];
    const twice = { a: { x: { $secret: 's' } }, b: { y: { $secret: 's' } } };
    await renderNodeMetadata(twice, '', async ({ $secret }) => {
      opened.push($secret);
      return '';
    });
    expect(opened).toEqual(['s']);
  });

  it('is read by YAML, as confd does, just as by JSON', async () => {
    const awkward = {
      env: { text: 'a\u2028b\u0085c\ttab "quoted" 😀 : # {{x}}\n', 'a: b': '- x', '<<': 'merge' },
    };
    const { json, confd } = await renderNodeMetadata(awkward, '', openSecret);
    expect(JSON.parse(json)).toMatchObject({ self: awkward });
    expect(parseYaml(confd, { version: '1.1' })).toEqual(JSON.parse(json));
    // YAML 1.1 ends a line at these, even inside quotes.
    expect(confd).not.toMatch(/[\u0085\u2028\u2029]/);
  });
});
