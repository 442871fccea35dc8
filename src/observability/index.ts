export { createLogger, type Logger, type LoggerOptions } from './logger.ts';
export { createRedactor, REDACTED, type Redactor } from './redactor.ts';
