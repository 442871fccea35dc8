import { checkUrl, isLoopbackHost, WindlassError, type ChartReference } from '../domain/index.ts';

/** A reference that is safe to pass to helm. */
export interface ChartSource {
  /** `oci://…` without a version, or a name. */
  readonly chart: string;
  readonly repository: string | null;
  readonly version: string | null;
  readonly certificateAuthority: string | null;
  /** A registry of this machine is used without TLS. */
  readonly plainHttp: boolean;
  /** The name that users know it by. */
  readonly label: string;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,249}$/;
// Also a range, e.g. `>=1.2 <2` or `~1.2`.
const VERSION = /^[0-9A-Za-z^~<>=*!][0-9A-Za-z^~<>=*!.,|+ _-]{0,99}$/;
const PATH = /^(\/[A-Za-z0-9][A-Za-z0-9._-]*)+$/;

/**
 * Parses `oci://REGISTRY/PATH[:VERSION]`, or a name and the address of a repository.
 *
 * @throws invalid-input `CHART_REFERENCE`; `field` says which part.
 */
export function parseChartReference(reference: ChartReference): ChartSource {
  const { chart, repository, certificateAuthority = null } = reference;
  if (certificateAuthority !== null && !isCertificates(certificateAuthority)) {
    throw wrong('certificateAuthority', 'is not a PEM certificate, or holds more than certificates');
  }
  if (repository !== undefined) {
    if (!NAME.test(chart))
      throw wrong('chart', `is not a valid name of a chart in a repository: ${quote(chart)}`);
    const url = readUrl(repository, 'repository');
    const version = checkVersion(reference.version ?? null);
    return {
      chart,
      repository: url.href,
      version,
      certificateAuthority,
      plainHttp: false,
      label: label(`${chart} in ${url.href}`, version),
    };
  }
  if (!chart.startsWith('oci://')) throw wrong('chart', 'must begin with oci://, or come with a repository');
  const [, bare = chart, tag] = /^(oci:\/\/.*\/[^/:@]*):([^/:]+)$/.exec(chart) ?? [];
  if (tag !== undefined && reference.version !== undefined) {
    throw wrong('version', 'is given twice: in the chart reference, and as an option');
  }
  // A tag may not contain a +; helm writes _ instead.
  const version = checkVersion(reference.version ?? tag?.replaceAll('_', '+') ?? null);
  const url = readUrl(bare.replace(/^oci:/, 'https:'), 'chart');
  if (!PATH.test(url.pathname)) throw wrong('chart', 'must be oci://REGISTRY/PATH/CHART');
  return {
    chart: bare,
    repository: null,
    version,
    certificateAuthority,
    // A CA implies TLS, on this machine too.
    plainHttp: isLoopbackHost(url.hostname) && certificateAuthority === null,
    label: label(bare, version),
  };
}

function readUrl(text: string, field: string): URL {
  if (/^[a-z]+:\/\/[^/?#]*@/i.test(text)) {
    throw wrong(field, 'has a user or a password in it: give them with --chart-credential FILE');
  }
  return checkUrl(text, { field, code: 'CHART_REFERENCE', plainHttpHosts: [] });
}

function isCertificates(text: string): boolean {
  const kinds = [...text.matchAll(/-----BEGIN ([^-]*)-----/g)].map(([, kind]) => kind);
  return kinds.length > 0 && kinds.every((kind) => kind === 'CERTIFICATE');
}

function checkVersion(version: string | null): string | null {
  if (version === null || VERSION.test(version)) return version;
  throw wrong('version', `is not a version: ${quote(version)}`);
}

function label(what: string, version: string | null): string {
  return version === null ? what : `${what} ${version}`;
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}

function wrong(field: string, why: string): WindlassError {
  return new WindlassError('invalid-input', `the chart cannot be found: ${field} ${why}`, {
    code: 'CHART_REFERENCE',
    field,
    hint: 'windlass app register oci://REGISTRY/CHART --version 1.2.3, or NAME --repo https://… --version 1.2.3',
  });
}
