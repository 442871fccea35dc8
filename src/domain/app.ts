import type { SealedSecret } from './secret.ts';

/** A package as it was registered; identified by the digest of its content. */
export interface AppVersion {
  /** `appv-` + the first 16 hex digits of the digest. */
  readonly versionId: string;
  readonly appName: string;
  /** From package.json or Chart.yaml; `0.0.0` where the package names none. */
  readonly version: string;
  /** sha256 over the content, hex. */
  readonly digest: string;
  readonly sizeBytes: number;
  readonly createdAt: string;
}

export interface PackageFile {
  /** Relative, with `/`, never leading out of the package. */
  readonly path: string;
  readonly content: Uint8Array;
  /** Unix permission bits. */
  readonly mode: number;
}

/** The files of a package, in path order; what a provider parses. */
export interface PackageContent {
  readonly versionId: string;
  readonly files: readonly PackageFile[];
}

/**
 * What the user fills in: the form of config.json as nested objects. A key may itself contain
 * dots. A password is a SecretReference once it has reached a worker.
 */
export type Conf = Readonly<Record<string, unknown>>;

/** A Helm chart in a registry or a repository; a worker fetches it. */
export interface ChartReference {
  /** `oci://REGISTRY/PATH`, with `:VERSION` if wanted, or the chart's name in `repository`. */
  readonly chart: string;
  /** Address of the repository, the folder that holds its index.yaml; none for `oci://`. */
  readonly repository?: string;
  /** A version, or a range of versions as helm reads it; the newest where absent. */
  readonly version?: string;
  /** CA certificates in PEM, where the server's is none that machines know. */
  readonly certificateAuthority?: string;
  /** JSON of user name and password, bound by chartBinding to all the rest of this. */
  readonly credential?: SealedSecret;
}
