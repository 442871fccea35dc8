import type { LabelSelector } from '../api/kube-types.ts';

/** A selector in the form of an API query; empty for one that cannot be expressed or selects nothing. */
export function formatSelector(selector: LabelSelector | undefined): string {
  const labels = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  const expressions = (selector?.matchExpressions ?? []).flatMap(({ key, operator, values = [] }) => {
    if (key === undefined) return [];
    if (operator === 'Exists') return [key];
    if (operator === 'DoesNotExist') return [`!${key}`];
    if (operator === 'In' || operator === 'NotIn')
      return [`${key} ${operator.toLowerCase()} (${values.join(',')})`];
    return [];
  });
  return [...labels, ...expressions].join(',');
}
