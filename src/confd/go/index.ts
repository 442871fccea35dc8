export { splitRunes, toBytes, toText, type ByteString } from './bytes.ts';
export { BUILTINS } from './builtins.ts';
export { evaluateTemplate } from './evaluate.ts';
export { formatFloat } from './format-float.ts';
export { parseTemplate } from './parse.ts';
export type { FunctionTable, Parameter, TemplateFunction } from './signature.ts';
export type { ParsedTemplate } from './syntax.ts';
export { TemplateFault } from './template-fault.ts';
export { GoList, GoMap, GoPair, sortedEntries, typeName, type Value } from './values.ts';
