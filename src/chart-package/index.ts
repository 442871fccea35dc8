export { chartHostOf, parseChartCredential, type ChartCredential } from './chart-credential.ts';
export { parseChartReference, type ChartSource } from './chart-reference.ts';
export {
  describeChart,
  isChartConf,
  isChartForm,
  listConfKeys,
  listHiddenValues,
  openChartConf,
  type ChartConf,
  type ChartForm,
} from './chart-form.ts';
export { isChart, type Chart, type ChartDependency } from './chart.ts';
export { checkChartValues } from './check-values.ts';
export { identifyPackage, validateAnyPackage } from './package-formats.ts';
export { readChart } from './read-chart.ts';
export { setChartValue } from './set-value.ts';
export { validateChart } from './validate-chart.ts';
export type { Values } from './values.ts';
