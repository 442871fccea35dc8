import {
  CALLS_PER_SECOND,
  checkName,
  checkCredentialSize,
  checkUrl,
  credentialBinding,
  namesSetting,
  storedCredentialBinding,
  WindlassError,
  type Credential,
  type CredentialUse,
  type Runtime,
  type SealedSecret,
  type SecretBinding,
} from '../../src/domain/index.ts';
import type { Requests, RuntimeInput, RuntimeQuery, RuntimeView } from '../../src/protocol/index.ts';
import { type Call, type Provider, type ValidateCredentialRequest } from '../../src/provider/index.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { nodeAccessOf, type ContextLoader } from '../load-context.ts';
import { openCall } from '../provider-call.ts';
import { registerCredential } from '../register-credential.ts';

type RuntimeRequests = Pick<
  Requests,
  | 'createRuntime'
  | 'updateRuntime'
  | 'deleteRuntime'
  | 'listRuntimes'
  | 'describeRuntime'
  | 'validateRuntime'
  | 'listZones'
  | 'listSubnets'
  | 'describeVpc'
>;

export function createRuntimeRequests(
  dependencies: ActivityDependencies,
  loader: ContextLoader,
): RuntimeRequests {
  const { stores, providers, keyring } = dependencies;

  async function openSealed(sealed: SealedSecret | null, binding: SecretBinding): Promise<Credential> {
    if (sealed === null) return {};
    const credential = parseCredential(await keyring.openSealed(sealed, binding));
    // A third-party client may not have checked it.
    checkCredentialSize(Object.values(credential).map(toText).join(''));
    registerCredential(dependencies.redactor, credential);
    return credential;
  }

  /** For every provider, and before anything is decrypted for it. Empty means the provider's own. */
  function checkAddress(url: string): void {
    if (url === '') return;
    checkUrl(url, { field: 'url', code: 'RUNTIME_URL', plainHttpHosts: dependencies.plainHttpHosts });
  }

  /** A deleted runtime is not accessed any more, even by a client that still has something sealed for it. */
  async function openInput(use: CredentialUse, input: RuntimeInput): Promise<Credential> {
    checkAddress(input.url);
    await stores.runtimes.refuseDeleted(input.runtimeId);
    return openSealed(input.credential, credentialBinding(use, input));
  }

  async function ask(
    use: CredentialUse,
    query: RuntimeQuery,
  ): Promise<{ provider: Provider; request: ValidateCredentialRequest; runtime: Runtime | null }> {
    if ('input' in query) {
      const { provider, url, zone, settings } = query.input;
      return {
        provider: providers.get(provider),
        request: { url, zone, settings, credential: await openInput(use, query.input) },
        runtime: null,
      };
    }
    const { runtime, credential } = await loader.loadRuntime(query.runtime);
    return { provider: providers.get(runtime.provider), request: { ...runtime, credential }, runtime };
  }

  /** A stored credential is sent only to the address that it was given for. */
  function refuseOtherAddress(runtime: Runtime, wanted: Runtime): void {
    const { settings } = providers.get(runtime.provider);
    const changed = [
      ...(['url', 'zone'] as const).filter((name) => runtime[name] !== wanted[name]),
      ...Object.keys(wanted.settings).filter(
        (name) =>
          runtime.settings[name] !== wanted.settings[name] &&
          name !== CALLS_PER_SECOND &&
          !namesSetting(settings?.free ?? [], name),
      ),
    ];
    if (changed.length === 0) return;
    throw new WindlassError(
      'invalid-input',
      `the stored credential of runtime ${runtime.name} was given for another ${changed.join(', ')}: it is not sent there`,
      {
        code: 'CREDENTIAL_NEEDED',
        field: 'credential',
        hint: 'give the credential again with the change: --credential FILE',
      },
    );
  }

  /** The plans and the connections of its clusters depend on the access that they were created with. */
  async function refuseOtherAccess(runtime: Runtime, settings: Runtime['settings']): Promise<void> {
    const provider = providers.get(runtime.provider);
    if (nodeAccessOf(provider, runtime) === nodeAccessOf(provider, { settings })) return;
    const clusters = await stores.clusters.list({ limit: 10_000, includeFrontgates: true });
    if (!clusters.some(({ runtimeId }) => runtimeId === runtime.runtimeId)) return;
    throw new WindlassError(
      'conflict',
      `runtime ${runtime.name} has clusters, and this would change how their nodes are reached`,
      { code: 'NODE_ACCESS_CHANGED', hint: 'create another runtime for it, or delete the clusters first' },
    );
  }

  /** The account is not known while a runtime is being created. */
  const call = (provider: Provider, runtime: Runtime | null): Call =>
    openCall(dependencies, provider, runtime);

  return {
    async createRuntime(input) {
      checkName('runtime', input.name);
      const provider = providers.get(input.provider);
      const credential = await openInput('create', input);
      checkCallsPerSecond(input.settings);
      const identity = await provider.validateCredential({ ...input, credential }, call(provider, null));
      const runtime = { ...withoutCredential(input), ...identity, createdAt: new Date().toISOString() };
      const stored = await stores.runtimes.create(
        runtime,
        input.credential === null
          ? null
          : keyring.encrypt(JSON.stringify(credential), storedCredentialBinding(runtime)),
      );
      return toRuntimeView(stored);
    },

    async updateRuntime(update) {
      const { runtime, credential: kept } = await stores.runtimes.getWithCredential(update.runtime);
      const wanted: Runtime = {
        ...runtime,
        url: update.url ?? runtime.url,
        zone: update.zone ?? runtime.zone,
        settings: { ...runtime.settings, ...update.settings },
      };
      checkAddress(wanted.url);
      await refuseOtherAccess(runtime, wanted.settings);
      checkCallsPerSecond(wanted.settings);
      if (update.credential === undefined && kept !== null) refuseOtherAddress(runtime, wanted);
      const credential =
        update.credential === undefined
          ? loader.openCredential(runtime, kept)
          : await openSealed(update.credential, credentialBinding('update', wanted));
      const provider = providers.get(runtime.provider);
      const identity = await provider.validateCredential({ ...wanted, credential }, call(provider, null));
      const changed = { ...wanted, ...identity };
      const updated = await stores.runtimes.update(
        runtime.runtimeId,
        changed,
        update.credential === undefined && kept === null
          ? undefined
          : // An old credential too: it is bound to the new values of the runtime.
            keyring.encrypt(JSON.stringify(credential), storedCredentialBinding(changed)),
      );
      return toRuntimeView(updated);
    },

    async deleteRuntime({ runtime }) {
      const { runtimeId } = await stores.runtimes.get(runtime);
      return toRuntimeView(await stores.runtimes.delete(runtimeId));
    },

    listRuntimes: async (page) => (await stores.runtimes.list(page)).map(toRuntimeView),
    describeRuntime: async ({ runtime }) => toRuntimeView(await stores.runtimes.get(runtime)),

    async validateRuntime(query) {
      const { provider, request, runtime } = await ask('validate', query);
      return provider.validateCredential(request, call(provider, runtime));
    },

    async listZones(query) {
      const { provider, request, runtime } = await ask('zones', query);
      return provider.describeRuntimeProviderZones(request, call(provider, runtime));
    },

    async listSubnets({ runtime: name }) {
      const { runtime, credential } = await loader.loadRuntime(name);
      const provider = providers.get(runtime.provider);
      return provider.describeSubnets({ runtime, credential }, call(provider, runtime));
    },

    async describeVpc({ runtime: name, vpcId }) {
      const { runtime, credential } = await loader.loadRuntime(name);
      const provider = providers.get(runtime.provider);
      return provider.describeVpc({ runtime, credential, vpcId }, call(provider, runtime));
    },
  };
}

export function toRuntimeView(runtime: Runtime): RuntimeView {
  const { runtimeId, name, provider, url, zone, settings, account, region, createdAt } = runtime;
  return { runtimeId, name, provider, url, zone, settings, account, region, createdAt };
}

function toText(part: unknown): string {
  return typeof part === 'string' ? part : JSON.stringify(part);
}

function withoutCredential(input: RuntimeInput): Omit<RuntimeInput, 'credential'> {
  const { runtimeId, name, provider, url, zone, settings } = input;
  return { runtimeId, name, provider, url, zone, settings };
}

/** The engine's own setting: providers ignore it. */
function checkCallsPerSecond(settings: Readonly<Record<string, string>>): void {
  const text = settings[CALLS_PER_SECOND];
  if (text === undefined) return;
  if (/^\d{1,6}(\.\d{1,3})?$/.test(text) && Number(text) > 0) return;
  throw new WindlassError(
    'invalid-input',
    `${CALLS_PER_SECOND} is ${JSON.stringify(text)}, not a number above 0`,
    {
      code: 'CALLS_PER_SECOND',
      field: CALLS_PER_SECOND,
      hint: 'how many requests a second all workers together may send for this account and region, e.g. 20',
    },
  );
}

/** Says nothing about the content: it is secret. */
function parseCredential(text: string): Credential {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Credential;
  } catch {
    // Falls through to the one answer for all of it.
  }
  throw new WindlassError('invalid-input', 'the credential is not a JSON object', {
    code: 'CREDENTIAL_FORMAT',
    field: 'credential',
    hint: 'e.g. {"accessKeyId": "…", "secretAccessKey": "…"}; the provider’s page in docs/ says which keys',
  });
}
