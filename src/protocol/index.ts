export * from './activities.ts';
export * from './messages.ts';
export * from './queues.ts';
export * from './requests.ts';
export * from './search-attributes.ts';
export * from './views.ts';
