/** One account and zone of a provider, where clusters live. */
export interface Runtime {
  readonly runtimeId: string;
  /** Chosen by the user; unique. */
  readonly name: string;
  /** Name of the registered provider. */
  readonly provider: string;
  /** Endpoint of the provider's API; empty for the cloud's own. */
  readonly url: string;
  readonly zone: string;
  /** Provider settings, as given with `--set key=value`; each provider documents its own. */
  readonly settings: Readonly<Record<string, string>>;
  /** The account of the credential, as validateCredential reported it. Part of queue names. */
  readonly account: string;
  /** Where calls are counted against a rate. Part of queue names. */
  readonly region: string;
  readonly createdAt: string;
}

/** One account of a provider in one region: the unit of fairness and of call budgets. */
export interface QueueScope {
  readonly provider: string;
  readonly account: string;
  readonly region: string;
}

/** The setting of every runtime: how many requests a second all workers send for its account and region. */
export const CALLS_PER_SECOND = 'callsPerSecond';

/** The settings that runtimes of a provider may have, by name; `<…>` in a name means any text. */
export interface ProviderSettings {
  /**
   * They decide where or how a credential is sent: when one of them changes, the stored credential must be
   * given again.
   */
  readonly bound: readonly string[];
  /** All others. */
  readonly free: readonly string[];
}

/**
 * Whether a list of names of settings contains this one: literally, or as `image.<package>` matches
 * `image.web`.
 */
export function namesSetting(names: readonly string[], name: string): boolean {
  return names.some((known) => {
    const [head = '', ...rest] = known.split('<');
    return rest.length === 0 ? known === name : name.startsWith(head) && name.length > head.length;
  });
}

/** The content of a credential file, decrypted. Never stored or logged in this form. */
export type Credential = Readonly<Record<string, string>>;
