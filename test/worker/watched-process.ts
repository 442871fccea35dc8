// A process under a watchdog of one second, whose event loop stands still, is busy, or does nothing.
import { setTimeout as sleep } from 'node:timers/promises';
import { startWatchdog } from '../../src/worker/watchdog.ts';

const stop = startWatchdog(1);
// The thread takes a moment to start.
await sleep(1_000);
process.stdout.write('watched\n');

function work(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

switch (process.argv[2]) {
  case 'stands still':
    work(60_000);
    break;
  case 'is busy':
    for (let round = 0; round < 10; round += 1) {
      work(300);
      await sleep(1);
    }
    break;
  default:
    await sleep(3_000);
}
await stop();
