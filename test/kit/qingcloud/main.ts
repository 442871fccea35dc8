import { startQingCloud, type StartOptions } from './start-qingcloud.ts';

// The emulator as a process of its own: `node main.ts '{"folder": "…"}'`. Prints its url when it answers.
const options = JSON.parse(process.argv[2] ?? '{}') as StartOptions;
const { url } = await startQingCloud(options);
process.stdout.write(`${url}\n`);
