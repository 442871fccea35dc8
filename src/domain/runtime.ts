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
  /** Who the credential belongs to, as validateCredential reported it. Part of queue names. */
  readonly account: string;
  /** Where calls are counted against a rate. Part of queue names. */
  readonly region: string;
  readonly createdAt: string;
}

/** The setting of every runtime: how many requests a second all workers send for its account and region. */
export const CALLS_PER_SECOND = 'callsPerSecond';

/** What a credential file held, opened. Never stored or logged in this form. */
export type Credential = Readonly<Record<string, string>>;
