import { compilePattern, type WorkBudget } from '../bounds/index.ts';
import { GoList, GoPair, toText, typeName, type Value } from './go/index.ts';

/**
 * The elements of a list that match a regular expression anywhere: strings, or pairs by their value.
 * AppCenter's own confd has this function.
 *
 * @throws Error for anything but a list, for a pattern that does not compile, and when the patterns of one
 * template have used up their budget.
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
