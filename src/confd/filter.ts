import { compilePattern, type WorkBudget } from '../bounds/index.ts';
import { GoList, GoPair, toText, typeName, type Value } from './go/index.ts';

/**
 * What of a list fits a regular expression, anywhere in it: strings, or pairs by their value.
 * AppCenter's own confd has it.
 *
 * @throws Error for anything but a list, for a pattern that does not compile, and where the patterns
 *   of one template have taken more than their budget.
 */
export function filterByPattern(pattern: string, list: Value, budget: WorkBudget): GoList {
  if (!(list instanceof GoList)) throw new Error(`filter takes a list, not ${typeName(list)}`);
  const expression = compilePattern(toText(pattern), budget);
  const items = list.items.filter((item) => {
    if (typeof item === 'string') return expression.isFoundIn(toText(item));
    return item instanceof GoPair && expression.isFoundIn(toText(item.value));
  });
  return new GoList('any', items);
}
