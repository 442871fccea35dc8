import { toChoiceText } from './check-form-value.ts';
import type { FormItem } from './form.ts';
import { isForeignApp } from './linked-clusters.ts';
import { NO_LOAD_BALANCER } from './note-unused.ts';

/** What an item accepts, in a few words; empty if its type says everything. */
export function describeLimits(item: FormItem): string {
  const limits: string[] = [];
  if (item.range.length > 0) {
    const choices = item.range.map(toChoiceText).join(', ');
    limits.push(
      item.multichoice
        ? `any of ${choices}, joined by ${JSON.stringify(item.separator)}`
        : `one of ${choices}`,
    );
  }
  if (item.min !== undefined && item.max !== undefined) limits.push(`${item.min} to ${item.max}`);
  else if (item.min !== undefined) limits.push(`${item.min} or more`);
  else if (item.max !== undefined) limits.push(`${item.max} or less`);
  if (item.step !== undefined) limits.push(`in steps of ${item.step}`);
  if (item.pattern !== undefined) limits.push(`matching ${item.pattern}`);
  if (item.type === 'service') limits.push(describeLinked(item));
  if (item.port !== undefined) limits.push(`for port ${[item.port].flat().join(', ')}`);
  if (item.type === 'loadbalancer') limits.push(`kept: ${NO_LOAD_BALANCER}`);
  return limits.join('; ');
}

function describeLinked(item: FormItem): string {
  const apps = Object.entries(item.limits ?? {}).map(([app, versions]) =>
    versions.length === 0 ? app : `${app} (${versions.join(', ')})`,
  );
  if (apps.length === 0) return 'the id of a cluster';
  const foreign = Object.keys(item.limits ?? {}).every(isForeignApp);
  return `the id of a cluster of ${apps.join(' or ')}${foreign ? ' of AppCenter, which is not checked' : ''}`;
}
