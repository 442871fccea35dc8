import { randomUUID } from 'node:crypto';
import {
  checkName,
  checkCredentialSize,
  credentialBinding,
  WindlassError,
  type CredentialUse,
  type SealedSecret,
} from '../domain/index.ts';
import type { Requests, RuntimeInput, RuntimeQuery } from '../protocol/index.ts';
import { sealSecret } from '../secrets/index.ts';
import { checkRuntime } from './clear-text.ts';
import { toPage } from './page.ts';
import { runtimeIdOf } from './request-ids.ts';
import type { RuntimeRequest, RuntimesClient, RuntimeTarget } from './windlass-client.ts';

/** Runtimes through the workers' requests; a credential leaves this process only sealed. */
export function createRuntimesClient(requests: Requests): RuntimesClient {
  async function seal(
    use: CredentialUse,
    runtime: Omit<RuntimeInput, 'credential'>,
    json: string,
  ): Promise<SealedSecret> {
    return sealSecret(await requests.getSealingKey(), json, credentialBinding(use, runtime));
  }

  async function toInput(use: CredentialUse, request: RuntimeRequest): Promise<RuntimeInput> {
    const { name, provider, url = '', zone, settings = {}, credential } = request;
    checkName('runtime', name);
    const runtimeId = runtimeIdOf(request.requestId ?? randomUUID());
    const runtime = { runtimeId, name, provider, url, zone, settings };
    // Before any request: what is refused here needs no worker.
    const json = credential === undefined ? null : toCredentialJson(credential);
    await checkRuntime(requests, runtime);
    return { ...runtime, credential: json === null ? null : await seal(use, runtime, json) };
  }

  async function toQuery(use: CredentialUse, target: RuntimeTarget): Promise<RuntimeQuery> {
    return typeof target === 'string' ? { runtime: target } : { input: await toInput(use, target) };
  }

  return {
    create: async (request) => requests.createRuntime(await toInput('create', request)),
    list: (options) => requests.listRuntimes(toPage(options)),
    describe: (runtime) => requests.describeRuntime({ runtime }),
    validate: async (target) => requests.validateRuntime(await toQuery('validate', target)),
    zones: async (target) => requests.listZones(await toQuery('zones', target)),
    subnets: (runtime) => requests.listSubnets({ runtime }),
    vpc: (runtime, vpcId) => requests.describeVpc({ runtime, vpcId }),
    async update(runtime, { credential, ...change }) {
      const json = credential === undefined ? null : toCredentialJson(credential);
      const known = await requests.describeRuntime({ runtime });
      const settings = { ...known.settings, ...change.settings };
      const wanted = { ...known, ...change, settings };
      await checkRuntime(requests, wanted);
      const update = { runtime: known.runtimeId, ...change };
      if (json === null) return requests.updateRuntime(update);
      // The envelope is bound to the whole desired runtime.
      return requests.updateRuntime({ ...update, credential: await seal('update', wanted, json) });
    },
    delete: (runtime) => requests.deleteRuntime({ runtime }),
  };
}

/**
 * A JSON object of strings is sent unchanged; any other document (a kubeconfig) as the one field
 * `document`. Errors contain nothing of the text.
 *
 * @throws invalid-input `CREDENTIAL_FORMAT`, `CREDENTIAL_TOO_LARGE`
 */
function toCredentialJson(text: string): string {
  checkCredentialSize(text);
  if (text.trim() === '') throw credentialFormat('it is empty');
  if (!text.trimStart().startsWith('{')) return JSON.stringify({ document: text });
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw credentialFormat('it begins like a JSON object but is not one');
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
