export { canonicalJson, compareText } from './canonical-json.ts';
export { createLayer, createLayersByOrder, createPlan, type OrderedTask } from './layers.ts';
export { findNodeRole, selectServiceNodes, sortNodes } from './node-order.ts';
