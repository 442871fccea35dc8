// A provider of another package, as WINDLASS_PROVIDERS names it: the local one behind an API whose
// address the runtime names, and to which every question carries the credential.
import { join } from 'node:path';
import type { NodeShell } from '../../src/nodes/index.ts';
import type { Provider } from '../../src/provider/index.ts';
import { createLocalProvider } from '../../src/providers/local/index.ts';

export default function createCallingProvider({ nodes }: { readonly nodes: NodeShell }): Provider {
  const local = createLocalProvider({ folder: join(process.env['WINDLASS_HOME'] ?? '', 'local'), nodes });
  const ask = async (url: string, credential: Readonly<Record<string, string>>): Promise<void> => {
    if (url !== '') await fetch(url, { headers: { authorization: JSON.stringify(credential) } });
  };
  const takeOwn = <T extends { readonly settings: Readonly<Record<string, string>> }>(request: T): T => {
    const { authority: _authority, ...settings } = request.settings;
    return { ...request, credential: {}, settings };
  };
  return {
    ...local,
    name: 'calling',
    nodeAccess: () => 'direct',
    settings: { bound: ['authority'], free: local.settings?.free ?? [] },
    async validateCredential(request, call) {
      await ask(request.url, request.credential);
      return local.validateCredential(takeOwn(request), call);
    },
    async describeRuntimeProviderZones(request, call) {
      await ask(request.url, request.credential);
      return local.describeRuntimeProviderZones(takeOwn(request), call);
    },
    async describeSubnets(request, call) {
      await ask(request.runtime.url, request.credential);
      return local.describeSubnets({ ...request, runtime: takeOwn(request.runtime) }, call);
    },
  };
}
