import type { PackageFile } from '../../../src/domain/index.ts';
import { textFile } from './packages.ts';

/** A sound form. */
export const CONFIG = JSON.stringify({
  type: 'array',
  properties: [
    {
      key: 'cluster',
      type: 'array',
      properties: [
        { key: 'count', label: 'Count', type: 'integer', default: 3, required: 'yes' },
        { key: 'name', label: 'Name', type: 'string', default: 'x', required: 'no' },
      ],
    },
  ],
});
/** A sound node. */
export const NODE =
  '{"container": {"type": "kvm", "image": "img-1"}, "count": {{cluster.count}}, "cpu": 1, "memory": 1024}';

/** A package of a cluster and a form. */
export function packageOf(cluster: string, config = CONFIG, ...more: PackageFile[]): PackageFile[] {
  return [textFile('config.json', config), textFile('cluster.json.mustache', cluster), ...more];
}

/** The sound package with a change to its only node. */
export function withNode(change: string): PackageFile[] {
  return packageOf(`{"nodes": [${NODE.replace(/\}$/, `, ${change}}`)}]}`);
}

/** The sound package with something else in the place of `cluster.name`'s default. */
export function withItem(change: string): PackageFile[] {
  return packageOf(`{"nodes": [${NODE}]}`, CONFIG.replace('"default":"x"', change));
}

/** The sound package with a further field. */
export function withCluster(change: string): PackageFile[] {
  return packageOf(`{"nodes": [${NODE}], ${change}}`);
}

/** The sound package whose only node has these services. */
export const withService = (services: string): PackageFile[] => withNode(`"services": ${services}`);

/** What is wrong, a package with only that, and how it is said: field and message. */
export type FaultRow = readonly [what: string, files: readonly PackageFile[], message: string];
