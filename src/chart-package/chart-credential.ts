import { checkCredentialSize, WindlassError, type ChartReference } from '../domain/index.ts';

/** The login for a private chart registry or repository. */
export interface ChartCredential {
  readonly username: string;
  readonly password: string;
}

/**
 * The host (and port) that holds the chart: a sealed credential is bound to it, and is never sent to
 * another host. Empty if the reference has no address; fetching it then reports the fault.
 */
export function chartHostOf({ chart, repository }: Pick<ChartReference, 'chart' | 'repository'>): string {
  const address = repository ?? chart.replace(/^oci:/, 'https:');
  return URL.canParse(address) ? new URL(address).host : '';
}

/**
 * Parses `{"username": …, "password": …}`. Errors contain nothing of the text.
 *
 * @throws invalid-input `CREDENTIAL_FORMAT`, `CREDENTIAL_TOO_LARGE`
 */
export function parseChartCredential(text: string): ChartCredential {
  checkCredentialSize(text);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw wrong('it is not JSON');
  }
  const { username, password } = (parsed ?? {}) as { username?: unknown; password?: unknown };
  if (typeof username !== 'string' || username === '') throw wrong('it has no username');
  if (typeof password !== 'string' || password === '') throw wrong('it has no password');
  // The header that carries both is split at the first colon.
  if (username.includes(':')) throw wrong('its username holds a colon');
  return { username, password };
}

function wrong(why: string): WindlassError {
  return new WindlassError('invalid-input', `the credential for the chart cannot be read: ${why}`, {
    code: 'CREDENTIAL_FORMAT',
    hint: 'give a file with {"username": "…", "password": "…"}; a token goes in as the password',
    field: 'credential',
  });
}
