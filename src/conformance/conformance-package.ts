import type { PackageContent } from '../domain/index.ts';

const CLUSTER = {
  name: '{{cluster.name}}',
  description: '',
  nodes: [
    {
      role: 'db',
      container: { type: 'docker', image: 'conformance' },
      count: 2,
      cpu: 1,
      memory: 1024,
      volume: { size: 10, mount_point: ['/data1', '/data2'], filesystem: 'ext4' },
      services: {
        init: { cmd: 'touch "$WINDLASS_ROOT/initialised"' },
        start: { cmd: 'test -e "$WINDLASS_ROOT/initialised"' },
        stop: { cmd: 'true' },
        destroy: { cmd: 'true' },
      },
    },
  ],
};

const FORM = {
  type: 'array',
  properties: [
    {
      key: 'cluster',
      description: 'cluster',
      type: 'array',
      properties: [
        {
          key: 'name',
          label: 'name',
          description: 'its name',
          type: 'string',
          default: 'conformance',
          required: false,
        },
      ],
    },
  ],
};

/** A small package with all that the suite needs: a role of two nodes, two volumes each. */
export function createConformancePackage(): PackageContent {
  const text = new TextEncoder();
  // A placeholder's value is written as JSON, so it has no quotes of its own.
  const template = JSON.stringify(CLUSTER).replace('"{{cluster.name}}"', '{{cluster.name}}');
  return {
    versionId: 'appv-0123456789abcdef',
    files: [
      { path: 'cluster.json.mustache', content: text.encode(template), mode: 0o644 },
      { path: 'config.json', content: text.encode(JSON.stringify(FORM)), mode: 0o644 },
      {
        path: 'package.json',
        content: text.encode(JSON.stringify({ name: 'conformance', version: '1.0.0' })),
        mode: 0o644,
      },
    ],
  };
}
