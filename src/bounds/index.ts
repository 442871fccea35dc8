export { compilePattern, createPatternBudget, PatternError, type Pattern } from './pattern.ts';
export { createWorkBudget, OverLimitError, type WorkBudget } from './work-budget.ts';
