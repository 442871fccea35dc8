import type { ServiceSpec } from '../domain/index.ts';
import type { PackageCluster } from './package-cluster.ts';
import { dottedKey, listFormValues, type Form } from './form.ts';
import { CONFIG_FILE } from './parse-form.ts';
import type { ProblemReport } from './problems.ts';

/** Services that some action of a VM cluster runs; all others are only stored. */
const SERVICES_THAT_RUN: readonly string[] = ['init', 'start', 'stop', 'destroy'];

/**
 * Lists settings of a package that have no effect yet: load balancers, services without an action,
 * settings that are only stored.
 */
export function noteUnused(spec: PackageCluster, form: Form, file: string, report: ProblemReport): void {
  const chosen = listFormValues(form).filter(({ type }) => type === 'loadbalancer');
  for (const item of chosen) {
    report.note(CONFIG_FILE, { field: dottedKey(item) }, `is kept: ${NO_LOAD_BALANCER}`);
  }
  for (const role of spec.roles) {
    if (chosen.length > 0 || role.loadBalancers.length === 0) continue;
    report.note(file, { field: `${role.path}.loadbalancer` }, `is kept: ${NO_LOAD_BALANCER}`);
  }
  const idle = new Set(
    spec.roles.flatMap(({ services }) => services.filter(isIdle).map(({ name }) => JSON.stringify(name))),
  );
  if (idle.size > 0) {
    const message = `the services ${[...idle].join(', ')} are kept: no action runs them yet`;
    report.note(file, { field: 'nodes' }, message);
  }
  const settings = KEPT_SETTINGS.filter(([, isThere]) => isThere(spec)).map(([name]) => name);
  if (settings.length > 0) {
    report.note(file, {}, `kept, and nothing acts on it yet: ${settings.join(', ')}`);
  }
}

/** What happens to a form item of type loadbalancer, and to the field of a role. */
export const NO_LOAD_BALANCER = 'no load balancer is attached yet';

function isIdle({ name, custom }: ServiceSpec): boolean {
  return custom || !SERVICES_THAT_RUN.includes(name);
}

const KEPT_SETTINGS: readonly (readonly [name: string, isThere: (spec: PackageCluster) => boolean])[] = [
  ['health_check', (spec) => [spec, ...spec.roles].some(({ healthCheck }) => healthCheck !== null)],
  ['monitor', (spec) => [spec, ...spec.roles].some(({ monitor }) => monitor !== null)],
  ['display_tabs', ({ displayTabs }) => displayTabs !== null],
  ['backup_policy', ({ backupPolicy }) => backupPolicy !== null],
];
