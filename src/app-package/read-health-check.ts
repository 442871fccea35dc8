import type { ObjectReader } from './object-reader.ts';

type Settings = Readonly<Record<string, unknown>>;

const MIN_INTERVAL_SECONDS = 60;
const MIN_TIMEOUT_SECONDS = 3;
const MIN_THRESHOLD = 2;
const DEFAULT_INTERVAL_SECONDS = 60;

/** `health_check` of the cluster or of a role, unchanged; errors and warnings go to the report. */
export function readHealthCheck(owner: ObjectReader): Settings | null {
  const settings = owner.record('health_check');
  const reader = owner.object('health_check');
  if (settings === undefined || reader === undefined) return null;
  const enabled = reader.flag('enable') ?? false;
  const interval = atLeast(reader, 'interval_sec', MIN_INTERVAL_SECONDS);
  const timeout = atLeast(reader, 'timeout_sec', MIN_TIMEOUT_SECONDS);
  if (timeout !== undefined && timeout > (interval ?? DEFAULT_INTERVAL_SECONDS)) {
    reader.warning('timeout_sec', 'is longer than the interval between two checks');
  }
  atLeast(reader, 'action_timeout_sec', MIN_TIMEOUT_SECONDS);
  atLeast(reader, 'healthy_threshold', MIN_THRESHOLD);
  atLeast(reader, 'unhealthy_threshold', MIN_THRESHOLD);
  const command = reader.text('check_cmd');
  if (enabled && (command ?? '') === '') reader.warning('check_cmd', 'is missing; nothing is checked');
  reader.text('action_cmd');
  reader.readUnknown();
  return settings;
}

function atLeast(reader: ObjectReader, key: string, least: number): number | undefined {
  const value = reader.integer(key, 0);
  if (value !== undefined && value < least) reader.warning(key, `${value} is below the limit, ${least}`);
  return value;
}
