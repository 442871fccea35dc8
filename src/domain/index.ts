export * from './actions.ts';
export * from './app.ts';
export * from './canonical-json.ts';
export * from './chart.ts';
export * from './check-sizes.ts';
export * from './check-url.ts';
export * from './database-url.ts';
export * from './cluster.ts';
export * from './cut-text.ts';
export {
  describeDirective,
  isFlag,
  isGroup,
  isListOf,
  isNumber,
  isOptional,
  isShaped,
  isText,
  type Check,
  type DirectiveKind,
  type Shape,
} from './directive-kinds.ts';
export * from './directives.ts';
export * from './errors.ts';
export * from './frontgate.ts';
export * from './job.ts';
export * from './job-commands.ts';
export * from './job-state.ts';
export * from './limits.ts';
export * from './metadata.ts';
export * from './names.ts';
export * from './page.ts';
export * from './placement.ts';
export * from './plan.ts';
export * from './provider-away.ts';
export * from './lease.ts';
export * from './resource.ts';
export * from './runtime.ts';
export * from './secret.ts';
export * from './secret-names.ts';
export * from './service.ts';
export * from './task.ts';
export * from './task-actions.ts';
