import {
  DEFAULT_SERVICE_TIMEOUT_SECONDS,
  MAX_SERVICE_TIMEOUT_SECONDS,
  SERVICE_NAMES,
  type ServiceSpec,
} from '../domain/index.ts';
import type { ObjectReader } from './object-reader.ts';
import { isObject } from './values.ts';

/** The services of one role, in the order in which they are declared. */
export function readServices(role: ObjectReader): ServiceSpec[] {
  const services = role.object('services');
  if (services === undefined) return [];
  return Object.keys(role.record('services') ?? {}).flatMap((name) => {
    const reader = readServiceObject(services, name);
    const service = reader === undefined ? null : readService(reader, name);
    return service === null ? [] : [service];
  });
}

/** A known service must be an object; a service unknown to the specification may be anything. */
function readServiceObject(services: ObjectReader, name: string): ObjectReader | undefined {
  if (isObject(services.raw(name)) || SERVICE_NAMES.some((known) => known === name))
    return services.object(name);
  services.warning(name, 'is no service of the specification and no object; it is left out');
  return undefined;
}

function readService(reader: ObjectReader, name: string): ServiceSpec | null {
  const custom = readCustom(reader, name);
  const command = reader.text('cmd');
  const service: Omit<ServiceSpec, 'command'> = {
    name,
    custom,
    order: reader.integer('order', 0) ?? 0,
    nodesToExecuteOn: reader.integer('nodes_to_execute_on', 0) ?? null,
    timeoutSeconds: readTimeout(reader),
    postStartService: reader.flag('post_start_service') ?? false,
    postStopService: reader.flag('post_stop_service') ?? false,
    allowForce: reader.flag('allow_force') ?? true,
    preCheck: reader.text('pre_check') ?? null,
    selector: reader.text('selector') ?? null,
    idempotent: reader.flag('idempotent') ?? false,
    serviceParams: reader.record('service_params') ?? {},
  };
  warnOfMisplaced(reader, service);
  reader.readUnknown();
  if (command !== undefined && command !== '') return { ...service, command };
  // The device backup policy needs no command of its own; any other service without one would never run.
  const deviceBackup = name === 'backup' || name === 'delete_snapshot';
  if (!reader.has('cmd') && !deviceBackup) reader.warning('cmd', 'is missing; the service is left out');
  return null;
}

const CUSTOM_SERVICES = 'custom services';

// Fields that only some services have.
const FIELD_OWNERS: Readonly<Record<string, readonly string[]>> = {
  post_start_service: ['init', 'upgrade'],
  post_stop_service: ['destroy'],
  allow_force: ['destroy'],
  pre_check: ['scale_in', 'scale_out'],
  service_params: ['backup', 'restore', 'delete_snapshot', CUSTOM_SERVICES],
};

function warnOfMisplaced(reader: ObjectReader, { name, custom }: Pick<ServiceSpec, 'name' | 'custom'>): void {
  const names = custom ? [name, CUSTOM_SERVICES] : [name];
  for (const [field, owners] of Object.entries(FIELD_OWNERS)) {
    if (reader.has(field) && !owners.some((owner) => names.includes(owner))) {
      reader.warning(field, `has no meaning here; it belongs to ${owners.join(' and ')}`);
    }
  }
}

/** Seconds; 600 if none are given, never more than a day. */
export function readTimeout(reader: ObjectReader): number {
  const timeoutSeconds = reader.integer('timeout', 1);
  if (timeoutSeconds === undefined) return DEFAULT_SERVICE_TIMEOUT_SECONDS;
  if (timeoutSeconds <= MAX_SERVICE_TIMEOUT_SECONDS) return timeoutSeconds;
  reader.warning('timeout', `is over the limit; ${MAX_SERVICE_TIMEOUT_SECONDS} seconds are used`);
  return MAX_SERVICE_TIMEOUT_SECONDS;
}

function readCustom(reader: ObjectReader, name: string): boolean {
  const declared = reader.text('type') === 'custom';
  if (declared || SERVICE_NAMES.some((known) => known === name)) return declared;
  reader.warning(
    'type',
    'is not "custom", and the specification knows no service of this name; taken as custom',
  );
  return true;
}

/** Health check and monitor of a role: the cluster's settings, overridden key by key. */
export function inheritSettings(
  cluster: Readonly<Record<string, unknown>> | null,
  role: Readonly<Record<string, unknown>> | undefined,
): Readonly<Record<string, unknown>> | null {
  if (role === undefined) return cluster;
  return isObject(cluster) ? { ...cluster, ...role } : role;
}
