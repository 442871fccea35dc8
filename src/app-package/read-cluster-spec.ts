import { MAX_NODES, MAX_ROLES, replicaRole, type Env } from '../domain/index.ts';
import type { PackageCluster, PackageRole } from './package-cluster.ts';
import { leadsToPort } from './endpoints.ts';
import { ObjectReader } from './object-reader.ts';
import type { ProblemReport } from './problems.ts';
import { readDisplayTabs } from './read-display-tabs.ts';
import { readHealthCheck } from './read-health-check.ts';
import { readMonitor } from './read-monitor.ts';
import { readPolicies } from './read-policies.ts';
import { readAdvancedActions, readEnv, readRole } from './read-role.ts';
import { isObject } from './values.ts';

/**
 * Reads cluster.json once its placeholders have values. Errors and warnings go to the report under the
 * name of `file`; the result is usable only if no error was reported.
 */
export function readClusterSpec(value: unknown, file: string, report: ProblemReport): PackageCluster | null {
  if (!isObject(value)) {
    report.error(file, {}, 'must be an object');
    return null;
  }
  const reader = new ObjectReader(file, '', value, report);
  const inherited = {
    healthCheck: readHealthCheck(reader),
    monitor: readMonitor(reader),
  };
  const roles = readRoles(reader, inherited, report, file);
  const env = readEnv(reader);
  const spec: Omit<PackageCluster, 'extra'> = {
    ...inherited,
    ...readPolicies(reader),
    name: reader.text('name') ?? '',
    description: reader.text('description') ?? '',
    subnetId: readSubnet(reader),
    links: readLinks(reader),
    roles,
    env,
    ...readEndpoints(reader, env, roles),
    advancedActions: readAdvancedActions(reader),
    metadataRootAccess: reader.flag('metadata_root_access') ?? false,
    displayTabs: readDisplayTabs(reader, roleNames(roles)),
  };
  return { ...spec, extra: reader.readUnknown() };
}

/** `vxnet`; `subnet` in packages of OpenPitrix. */
function readSubnet(reader: ObjectReader): string {
  const subnet = reader.text('subnet');
  return reader.text('vxnet') ?? subnet ?? '';
}

function readRoles(
  reader: ObjectReader,
  inherited: Pick<PackageCluster, 'healthCheck' | 'monitor'>,
  report: ProblemReport,
  file: string,
): PackageRole[] {
  const nodes = reader.list('nodes');
  if (nodes === undefined || nodes.length === 0) {
    if (nodes !== undefined || !reader.has('nodes'))
      reader.error('nodes', 'is missing or empty: there is no node');
    return [];
  }
  if (nodes.length > MAX_ROLES) {
    reader.error('nodes', `has ${nodes.length} roles; the limit is ${MAX_ROLES}`);
    return [];
  }
  const seen = new Set<string>();
  const roles = nodes.flatMap((entry, index) => {
    const path = `nodes.${index}`;
    if (!isObject(entry)) {
      report.error(file, { field: path }, 'must be an object');
      return [];
    }
    const role = readRole(new ObjectReader(file, path, entry, report), inherited);
    const name = typeof entry['role'] === 'string' ? entry['role'] : '';
    if (seen.has(name)) {
      const which = name === '' ? 'two roles have no name' : `two roles are named ${JSON.stringify(name)}`;
      report.error(file, { field: `${path}.role` }, which);
    }
    seen.add(name);
    return role === null ? [] : [role];
  });
  checkNodeCount(roles, report, file);
  return roles;
}

/** Replicas are nodes too. Checked here, before rows are built from them. */
function checkNodeCount(roles: readonly PackageRole[], report: ProblemReport, file: string): void {
  const sizes = roles.map(({ path, count, replica }) => ({ path, nodes: count * (1 + replica) }));
  const total = sizes.reduce((sum, { nodes }) => sum + nodes, 0);
  if (total <= MAX_NODES) return;
  const largest = sizes.reduce((left, right) => (right.nodes > left.nodes ? right : left));
  report.error(
    file,
    { field: `${largest.path}.count` },
    `makes a cluster of ${total} nodes; the limit is ${MAX_NODES}`,
  );
}

function readLinks(reader: ObjectReader): Readonly<Record<string, string>> {
  const links = Object.entries(reader.record('links') ?? {}).flatMap(([name, target]): [string, string][] => {
    // Nothing chosen: a link that is not required.
    if (target === '' || target === null) return [];
    if (typeof target === 'string') return [[name, target]];
    reader.error(`links.${name}`, 'must be the id of a cluster, a string');
    return [];
  });
  return Object.fromEntries(links);
}

function readEndpoints(
  reader: ObjectReader,
  env: Env,
  roles: readonly PackageRole[],
): Pick<PackageCluster, 'endpoints' | 'reservedIps'> {
  const endpoints: PackageCluster['endpoints'][number][] = [];
  const services = reader.object('endpoints');
  for (const name of Object.keys(reader.record('endpoints') ?? {})) {
    const endpoint = services?.object(name);
    if (endpoint === undefined || name === 'reserved_ips') continue;
    const port = endpoint.raw('port');
    const protocol = endpoint.text('protocol') ?? 'tcp';
    endpoint.readUnknown();
    if (typeof port === 'string' || (typeof port === 'number' && Number.isInteger(port))) {
      endpoints.push({ name, port, protocol });
      if (!leadsToPort(port, env, roles)) {
        endpoint.warning('port', `${JSON.stringify(port)} leads to no port; the endpoint is not shown`);
      }
    } else {
      endpoint.error('port', 'must be a port, or the path of an env value such as "env.port"');
    }
  }
  return {
    endpoints,
    reservedIps: { ...readReservedIps(reader), ...(services ? readReservedIps(services) : {}) },
  };
}

/** Names of the roles, those of their replicas among them. */
function roleNames(roles: readonly PackageRole[]): ReadonlySet<string> {
  return new Set(roles.flatMap(({ role, replica }) => (replica > 0 ? [role, replicaRole(role)] : [role])));
}

function readReservedIps(reader: ObjectReader): Readonly<Record<string, string>> {
  const reserved = reader.object('reserved_ips');
  const names = Object.keys(reader.record('reserved_ips') ?? {});
  return Object.fromEntries(names.map((name) => [name, reserved?.object(name)?.text('value') ?? '']));
}
