import { randomUUID } from 'node:crypto';
import {
  credentialBinding,
  WindlassError,
  type Reads,
  type RuntimeInput,
  type RuntimeQuery,
  type SealedSecret,
} from '../domain/index.ts';
import { sealSecret } from '../secrets/index.ts';
import { toPage } from './page.ts';
import { runtimeIdOf } from './request-ids.ts';
import type { RuntimeRequest, RuntimesClient, RuntimeTarget } from './windlass-client.ts';

/** Runtimes over the workers' reads; a credential leaves only sealed. */
export function createRuntimesClient(reads: Reads): RuntimesClient {
  async function seal(name: string, credential: string): Promise<SealedSecret> {
    return sealSecret(await reads.getSealingKey(), toCredentialJson(credential), credentialBinding(name));
  }

  async function toInput(request: RuntimeRequest): Promise<RuntimeInput> {
    const { name, provider, url = '', zone, settings = {}, credential } = request;
    return {
      runtimeId: runtimeIdOf(request.requestId ?? randomUUID()),
      name,
      provider,
      url,
      zone,
      settings,
      credential: credential === undefined ? null : await seal(name, credential),
    };
  }

  async function toQuery(target: RuntimeTarget): Promise<RuntimeQuery> {
    return typeof target === 'string' ? { runtime: target } : { input: await toInput(target) };
  }

  return {
    create: async (request) => reads.createRuntime(await toInput(request)),
    list: (options) => reads.listRuntimes(toPage(options)),
    describe: (runtime) => reads.describeRuntime({ runtime }),
    validate: async (target) => reads.validateRuntime(await toQuery(target)),
    zones: async (target) => reads.listZones(await toQuery(target)),
    subnets: (runtime) => reads.listSubnets({ runtime }),
    vpc: (runtime, vpcId) => reads.describeVpc({ runtime, vpcId }),
    async update(runtime, { credential, ...change }) {
      if (credential === undefined) return reads.updateRuntime({ runtime, ...change });
      // The envelope is bound to the runtime's name, and `runtime` may be its id.
      const { name } = await reads.describeRuntime({ runtime });
      return reads.updateRuntime({ runtime, ...change, credential: await seal(name, credential) });
    },
    delete: (runtime) => reads.deleteRuntime({ runtime }),
  };
}

/**
 * A JSON object of strings travels as it is; any other document (a kubeconfig) as the one field
 * `document`. Nothing of the text appears in an error.
 *
 * @throws invalid-input `CREDENTIAL_FORMAT`
 */
function toCredentialJson(text: string): string {
  if (text.trim() === '') throw credentialFormat('it is empty');
  if (!text.trimStart().startsWith('{')) return JSON.stringify({ document: text });
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw credentialFormat('it begins like a JSON object and is none');
  }
  const flat =
    typeof parsed === 'object' &&
    parsed !== null &&
    Object.values(parsed).every((value) => typeof value === 'string');
  return flat ? JSON.stringify(parsed) : JSON.stringify({ document: text });
}

function credentialFormat(why: string): WindlassError {
  return new WindlassError('invalid-input', `the credential cannot be read: ${why}`, {
    code: 'CREDENTIAL_FORMAT',
    hint: 'give a JSON object such as {"accessKeyId": …, "secretAccessKey": …}, or a kubeconfig',
    field: 'credential',
  });
}
