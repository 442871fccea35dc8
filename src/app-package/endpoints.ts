import type {
  ClusterRole,
  ClusterWrapper,
  Endpoint,
  ServedEndpoint,
  Env,
  EnvValue,
} from '../domain/index.ts';

/**
 * The port of an endpoint: itself, or the value of `env.<key>` (of the cluster) or `<role>.env.<key>`.
 * Null if the reference does not lead to a port.
 */
export function resolveEndpointPort(
  cluster: Pick<ClusterWrapper, 'cluster' | 'roles'>,
  endpoint: Endpoint,
): number | null {
  return findPort(endpoint.port, cluster.cluster.env, cluster.roles);
}

/** Whether a port, or a reference to one, leads to a port. */
export function leadsToPort(port: number | string, env: Env, roles: readonly RoleEnv[]): boolean {
  return findPort(port, env, roles) !== null;
}

type RoleEnv = Pick<ClusterRole, 'role' | 'env'>;

function findPort(port: number | string, clusterEnv: Env, roles: readonly RoleEnv[]): number | null {
  if (typeof port === 'number') return toPort(port);
  const role = findReferredRole(roles, port);
  const key = role === undefined ? /^env\.(.+)$/.exec(port)?.[1] : port.slice(`${role.role}.env.`.length);
  const env = role === undefined ? clusterEnv : role.env;
  if (key === undefined) return toPort(port);
  return Object.hasOwn(env, key) ? toPort(env[key]) : null;
}

/** The endpoints of a cluster with the addresses of the nodes that serve them. */
export function listEndpoints(wrapper: ClusterWrapper): ServedEndpoint[] {
  return wrapper.cluster.endpoints.flatMap((endpoint) => {
    const port = resolveEndpointPort(wrapper, endpoint);
    if (port === null) return [];
    const role =
      typeof endpoint.port === 'string' ? findReferredRole(wrapper.roles, endpoint.port) : undefined;
    const addresses = wrapper.nodes
      .filter((node) => node.status !== 'deleted' && node.privateIp !== '')
      .filter((node) => role === undefined || node.role === role.role)
      .map((node) => `${node.privateIp}:${port}`);
    return [{ name: endpoint.name, protocol: endpoint.protocol, port, addresses }];
  });
}

function findReferredRole(roles: readonly RoleEnv[], reference: string): RoleEnv | undefined {
  return roles.find((role) => role.role !== '' && reference.startsWith(`${role.role}.env.`));
}

function toPort(value: EnvValue | undefined): number | null {
  if (typeof value !== 'number' && typeof value !== 'string') return null;
  const port = value === '' ? Number.NaN : Number(value);
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : null;
}
