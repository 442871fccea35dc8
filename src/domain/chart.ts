import type { SealedSecret, SecretBinding } from './secret.ts';

/** A Helm chart in a registry or a repository; a worker fetches it. */
export interface ChartReference {
  /** `oci://REGISTRY/PATH`, with `:VERSION` if wanted, or the chart's name in `repository`. */
  readonly chart: string;
  /** Address of the repository, the folder that holds its index.yaml; none for `oci://`. */
  readonly repository?: string;
  /** A version, or a range of versions as helm reads it; the newest where absent. */
  readonly version?: string;
  /** CA certificates in PEM, if machines do not trust the server's by default. */
  readonly certificateAuthority?: string;
  /** JSON of user name and password, bound by chartBinding to all the rest of this. */
  readonly credential?: SealedSecret;
}

/** What the sealed credential of a registry or repository of charts is bound to: the whole request. */
export function chartBinding({ credential: _credential, ...place }: ChartReference): SecretBinding {
  return { secret: 'credential of a chart', place };
}
