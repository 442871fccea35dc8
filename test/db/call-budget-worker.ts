// One of several processes that share a budget: sends "requests" as fast as it may, by 20 callers
// at once, until it is told to end, and prints when each was sent.
import { createCallBudgets } from '../../activities/call-budget.ts';
import { openStores } from '../../src/db/index.ts';

const [, , databaseUrl = ''] = process.argv;
const stores = openStores({ databaseUrl, maxConnections: 2 });
const budgets = createCallBudgets(stores.callBudget);
const ending = new AbortController();
process.once('message', () => ending.abort());
const scope = { provider: 'memory', account: 'shared', region: 'region-1' };

async function call(): Promise<void> {
  const request = budgets.open(scope, {}, ending.signal);
  for (;;) {
    await request();
    process.stdout.write(`${Date.now()}\n`);
  }
}

await stores.ping();
process.send?.('ready');
await Promise.allSettled(Array.from({ length: 20 }, call));
await stores.close();
process.disconnect();
