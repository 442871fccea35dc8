import { endWithLauncher } from './end-with-launcher.ts';
import { createProcessIo } from './process-io.ts';
import { runCli } from './run-cli.ts';

// Files that this process and its children write are for this user alone.
process.umask(0o077);
endWithLauncher(process.env);

process.exitCode = await runCli(process.argv.slice(2), createProcessIo());
