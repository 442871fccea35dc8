import { findCacheFolder } from '../config/index.ts';
import { WindlassError } from '../domain/index.ts';
import { findTemporalServer, findTestServer } from './find-temporal-server.ts';

// A program of the set-up: installs both servers in the tools cache before the tests begin, so that the
// test files do not all do it at the same time. Prints what was found to stderr.

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
