import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  mapPasswords,
  parseForm,
  readPackageFolder,
  validateConf,
  validatePackage,
} from '../../../src/app-package/index.ts';
import type { ClusterWrapper } from '../../../src/domain/index.ts';
import { confRequest, toContent, makeCluster } from './packages.ts';

// Packages of other authors are not kept here: they are read where a checkout has them beside it.
const FOLDER = fileURLToPath(new URL('../../../../shared/reference/packages', import.meta.url));
const MISSING = 'no packages of other authors are installed';

async function parsePackage(name: string): Promise<ClusterWrapper> {
  const content = toContent(await readPackageFolder(join(FOLDER, name)));
  const config = content.files.find((file) => file.path === 'config.json');
  const form = parseForm(new TextDecoder().decode(config?.content));
  // As the worker does: check, then put a reference in the place of every password.
  const conf = await mapPasswords(form, validateConf(form, {}), (_, key) => ({ $secret: `conf/${key}` }));
  return makeCluster(confRequest(content, conf));
}

function summarise({ cluster, roles, nodes }: ClusterWrapper) {
  return {
    name: cluster.name,
    endpoints: cluster.endpoints.map((endpoint) => `${endpoint.name}:${endpoint.port}`),
    secrets: Object.values(cluster.env).filter((value) => typeof value === 'object').length,
    roles: roles.map((role) => ({
      role: role.role,
      volumes: role.volumes.map((volume) => volume.sizeGiB),
      services: role.services
        .map((service) => `${service.name}/${service.order}/${service.timeoutSeconds}`)
        .join(' '),
      nodes: nodes.filter((node) => node.role === role.role).map((node) => node.serverId),
    })),
  };
}

describe('real packages', () => {
  it.for<readonly [string, ReturnType<typeof summarise>]>([
    [
      'Zookeeper',
      {
        name: 'ZooKeeper',
        endpoints: ['client:2181', 'rest:9998'],
        secrets: 2,
        roles: [
          {
            role: '',
            volumes: [10],
            services: 'start/0/8000 stop/0/600 restart/0/600 destroy/0/600 backup/0/3600 restore/0/600',
            nodes: [1, 2, 3],
          },
        ],
      },
    ],
    [
      'Memcached',
      {
        name: 'Memcached',
        endpoints: [],
        secrets: 0,
        roles: [{ role: '', volumes: [], services: 'start/0/600 stop/0/600 restart/0/600', nodes: [1] }],
      },
    ],
    [
      'RabbitMQ',
      {
        name: 'RabbitMQ',
        endpoints: ['client:5672', 'status:8100'],
        // Of its two passwords one is empty by default.
        secrets: 1,
        roles: [
          {
            role: 'disc',
            volumes: [10],
            services: 'start/1/180 stop/2/600 scale_in/0/90 destroy/2/600 scale_out/0/90',
            nodes: [1, 2, 3],
          },
          {
            role: 'ram',
            volumes: [10],
            services: 'start/2/180 stop/1/600 restart/2/600 destroy/1/600 scale_out/0/90',
            nodes: [],
          },
          { role: 'client', volumes: [], services: 'start/0/600 stop/0/600', nodes: [1] },
          { role: 'haproxy', volumes: [], services: 'start/3/600 stop/3/600 restart/3/600', nodes: [1] },
        ],
      },
    ],
  ])('%s is valid and makes the right cluster', async ([name, expected], context) => {
    if (!existsSync(FOLDER)) context.skip(MISSING);
    const folder = join(FOLDER, name);
    const { errors } = validatePackage(await readPackageFolder(folder));
    expect(errors).toEqual([]);
    expect(summarise(await parsePackage(name))).toEqual(expected);
  });
});
