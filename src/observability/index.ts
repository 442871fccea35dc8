export { createLogger, type Logger, type LoggerOptions } from './logger.ts';
export { createRedactor, type Redactor } from './redactor.ts';
export { REDACTED } from '../masking/index.ts';
