// Loads the providers as a worker does, uses all but AWS, then AWS; prints what of its SDK was
// asked for by then.
import { registerHooks } from 'node:module';

const asked = new Set<string>();
registerHooks({
  resolve(specifier, context, next) {
    if (/^@(aws-sdk|smithy)\//.test(specifier)) asked.add(specifier);
    return next(specifier, context);
  },
});
const { loadProviders } = await import('../../src/worker/load-providers.ts');
const { loadConfig } = await import('../../src/config/index.ts');
const { registry, nodes } = await loadProviders(loadConfig({ WINDLASS_HOME: '/nonexistent' }));
const { createTestCall } = await import('../kit/test-calls.ts');
const call = createTestCall();
await registry.get('local').describeRuntimeProviderZones({ url: '', credential: {}, settings: {} }, call);
const before = [...asked];
await registry
  .get('aws')
  .validateCredential(
    {
      url: 'http://127.0.0.1:9',
      zone: 'us-east-1a',
      settings: {},
      credential: { accessKeyId: 'nobody', secretAccessKey: 'nothing' },
    },
    call,
  )
  .catch(() => undefined);
await nodes.close();
process.stdout.write(JSON.stringify({ before, after: [...asked] }));
process.exit(0);
