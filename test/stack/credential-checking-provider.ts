// A provider of another package, as WINDLASS_PROVIDERS names it: the local one behind an account
// with a credential, and as careless with it as a provider could be.
import { join } from 'node:path';
import { WindlassError, type Credential } from '../../src/domain/index.ts';
import type { NodeShell } from '../../src/nodes/index.ts';
import type { Call, Provider } from '../../src/provider/index.ts';
import { createLocalProvider } from '../../src/providers/local/index.ts';

export const RIGHT_ACCESS_KEY_ID = 'the-right-one';
/** For this one it says more than Temporal could carry. */
export const LOUD_ACCESS_KEY_ID = 'the-loud-one';

export default function createCredentialCheckingProvider({ nodes }: { readonly nodes: NodeShell }): Provider {
  const local = createLocalProvider({ folder: join(process.env['WINDLASS_HOME'] ?? '', 'local'), nodes });
  return {
    ...local,
    name: 'sealed',
    validateCredential(request, call) {
      babble(request.credential, call);
      if (request.credential['accessKeyId'] === RIGHT_ACCESS_KEY_ID) {
        return local.validateCredential({ ...request, credential: {} }, call);
      }
      if (request.credential['accessKeyId'] === LOUD_ACCESS_KEY_ID) throw sayAtLength(request.credential);
      throw new WindlassError('permission', `the key ${request.credential['secretAccessKey']} is unknown`, {
        code: 'CREDENTIAL_REFUSED',
        hint: `is ${request.credential['secretAccessKey']} the right one?`,
        field: 'credential',
        details: [{ field: 'credential', message: `${request.credential['secretAccessKey']}: unknown` }],
      });
    },
    handleSubtask(context, call) {
      babble(context.credential, call);
      return local.handleSubtask(context, call);
    },
    async waitSubtask(context, call) {
      const observation = await local.waitSubtask(context, call);
      if (observation.state !== 'pending') return observation;
      return {
        ...observation,
        seen: `${observation.seen}, asked with ${context.credential['secretAccessKey']}`,
      };
    },
    async describeClusterDetails(request, call) {
      const details = await local.describeClusterDetails(request, call);
      const asked = `asked with ${request.credential['secretAccessKey']}`;
      return {
        ...details,
        nodes: details.nodes.map((node) => ({ ...node, facts: { ...node.facts, asked } })),
      };
    },
  };
}

function sayAtLength(credential: Credential): WindlassError {
  const words = `${credential['secretAccessKey']} is not known here, `.repeat(100_000);
  return new WindlassError('permission', words, {
    code: 'LOUD',
    hint: words,
    field: words,
    details: Array.from({ length: 1_000 }, () => ({ field: 'credential', message: words.slice(0, 9_000) })),
  });
}

function babble(credential: Credential, call: Call): void {
  call.log(`signing with ${credential['secretAccessKey']}`, { headers: { with: credential } });
}
