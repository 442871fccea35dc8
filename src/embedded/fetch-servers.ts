import { findCacheFolder } from '../config/index.ts';
import { WindlassError } from '../domain/index.ts';
import { findTemporalServer, findTestServer } from './find-temporal-server.ts';

// A program of the set-up: brings both servers into the tools cache before the tests begin, so
// that test files do not all bring them at once. Prints what was found to stderr.

const report = (line: string): void => void process.stderr.write(`set-up: ${line}\n`);
const request = { cache: findCacheFolder(process.env), env: process.env, report };
try {
  const server = await findTemporalServer(request);
  report(`Temporal: ${server.description}`);
  await findTestServer(request);
} catch (error) {
  if (!WindlassError.isInstance(error)) throw error;
  report(error.hint === undefined ? error.message : `${error.message}\n  ${error.hint}`);
  process.exitCode = 1;
}
