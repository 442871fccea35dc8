import { FRONTGATE_VERSION, type PackageContent } from '../domain/index.ts';

// The package of a frontgate: one small machine with the image that the provider uses if a package names
// none, no volume, no service. A provider that gives it another size or image checks `cluster.purpose`.
const CONFIG = JSON.stringify({
  type: 'array',
  properties: [{ key: 'cluster', label: 'Cluster', description: '', type: 'array', properties: [] }],
});
const CLUSTER = JSON.stringify({
  name: FRONTGATE_VERSION,
  description: 'The way into a VPC; made and deleted as its clusters need it',
  nodes: [{ container: { type: 'kvm', image: '' }, count: 1, cpu: 1, memory: 1024 }],
});

/** The built-in package of frontgates, under the id `FRONTGATE_VERSION`. */
export const FRONTGATE_PACKAGE: PackageContent = {
  versionId: FRONTGATE_VERSION,
  files: [
    { path: 'config.json', text: CONFIG },
    { path: 'cluster.json.mustache', text: CLUSTER },
  ].map(({ path, text }) => ({ path, content: new TextEncoder().encode(text), mode: 0o644 })),
};
