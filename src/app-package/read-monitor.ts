import type { ObjectReader } from './object-reader.ts';

type Settings = Readonly<Record<string, unknown>>;

const MAX_ITEMS = 50;
const MAX_ITEMS_OF_A_GROUP = 5;
const VALUE_TYPES: readonly string[] = ['int', 'str'];
const TEXT_STATISTICS: readonly string[] = ['mode', 'latest'];
const STATISTICS: readonly string[] = ['min', 'max', 'avg', 'delta', 'rate', 'median', ...TEXT_STATISTICS];

/** `monitor` of the cluster or of a role, unchanged; errors and warnings go to the report. */
export function readMonitor(owner: ObjectReader): Settings | null {
  const settings = owner.record('monitor');
  const reader = owner.object('monitor');
  if (settings === undefined || reader === undefined) return null;
  if (reader.flag('enable') === true && (reader.text('cmd') ?? '') === '') {
    reader.warning('cmd', 'is missing; nothing is measured');
  }
  reader.raw('cmd');
  const items = readItems(reader);
  const groups = readGroups(reader, items);
  for (const name of reader.texts('display') ?? []) {
    if (items.has(name) || groups.has(name)) continue;
    reader.warning('display', `${JSON.stringify(name)} is neither an item nor a group`);
  }
  for (const name of reader.texts('alarm') ?? []) {
    if (!items.has(name)) reader.warning('alarm', `${JSON.stringify(name)} is no item`);
  }
  reader.readUnknown();
  return settings;
}

function readItems(monitor: ObjectReader): ReadonlySet<string> {
  const names = Object.keys(monitor.record('items') ?? {});
  const items = monitor.object('items');
  if (names.length > MAX_ITEMS) monitor.warning('items', `${names.length} are over the limit, ${MAX_ITEMS}`);
  for (const name of names) {
    const item = items?.object(name);
    if (item === undefined) continue;
    item.text('unit');
    const type = item.text('value_type') ?? 'int';
    if (!VALUE_TYPES.includes(type))
      item.warning('value_type', `${JSON.stringify(type)} is neither int nor str`);
    const statistics = item.text('statistics_type');
    const known = type === 'str' ? TEXT_STATISTICS : STATISTICS;
    if (statistics !== undefined && !known.includes(statistics)) {
      item.warning('statistics_type', `${JSON.stringify(statistics)} is none of ${known.join(', ')}`);
    }
    item.number('scale_factor_when_display');
    item.list('enums');
    item.readUnknown();
  }
  return new Set(names);
}

function readGroups(monitor: ObjectReader, items: ReadonlySet<string>): ReadonlySet<string> {
  const names = Object.keys(monitor.record('groups') ?? {});
  const groups = monitor.object('groups');
  for (const name of names) {
    const members = groups?.texts(name);
    if (members === undefined) continue;
    if (members.length === 0 || members.length > MAX_ITEMS_OF_A_GROUP) {
      groups?.warning(name, `has ${members.length} items; 1 to ${MAX_ITEMS_OF_A_GROUP} are shown together`);
    }
    const unknown = members.find((member) => !items.has(member));
    if (unknown !== undefined) groups?.warning(name, `${JSON.stringify(unknown)} is no item`);
  }
  return new Set(names);
}
