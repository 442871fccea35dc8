import type { ObjectReader } from './object-reader.ts';

const MAX_TABS = 5;
const MAX_TIMEOUT_SECONDS = 10;

/** `display_tabs` unchanged; errors and warnings go to the report. */
export function readDisplayTabs(
  cluster: ObjectReader,
  roles: ReadonlySet<string>,
): Readonly<Record<string, unknown>> | null {
  const settings = cluster.record('display_tabs');
  const tabs = cluster.object('display_tabs');
  if (settings === undefined || tabs === undefined) return null;
  const names = Object.keys(settings);
  if (names.length > MAX_TABS)
    cluster.warning('display_tabs', `${names.length} are over the limit, ${MAX_TABS}`);
  for (const name of names) {
    const tab = tabs.object(name);
    if (tab === undefined) continue;
    if ((tab.text('cmd') ?? '') === '') tab.warning('cmd', 'is missing; the tab stays empty');
    for (const role of tab.texts('roles_to_execute_on') ?? []) {
      if (!roles.has(role)) tab.warning('roles_to_execute_on', `there is no role ${JSON.stringify(role)}`);
    }
    tab.text('description');
    const timeout = tab.integer('timeout', 1);
    if (timeout !== undefined && timeout > MAX_TIMEOUT_SECONDS) {
      tab.warning('timeout', `is over the limit, ${MAX_TIMEOUT_SECONDS} seconds`);
    }
    tab.readUnknown();
  }
  return settings;
}
