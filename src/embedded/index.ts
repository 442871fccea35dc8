export { type Database, type DatabaseRequest, startDatabase } from './database.ts';
export { type EmbeddedStack, type StackRequest, startEmbeddedStack } from './embedded-stack.ts';
export {
  findTemporalServer,
  findTestServer,
  type FindServerRequest,
  MINIMUM_SERVER,
  type TemporalServerSource,
} from './find-temporal-server.ts';
export { findFreePort } from './machine-checks.ts';
export { type DevIo, type DevOptions, type DevResult, runDev } from './run-dev.ts';
export { startTemporalServer, type TemporalServer, type TemporalServerRequest } from './temporal-server.ts';
