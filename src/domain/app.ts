/** A package as it was registered; identified by the digest of its content. */
export interface AppVersion {
  /** `appv-` + the first 16 hex digits of the digest. */
  readonly versionId: string;
  readonly appName: string;
  /** From package.json or Chart.yaml; `0.0.0` if the package names none. */
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
