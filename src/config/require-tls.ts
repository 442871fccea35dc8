import { isLoopbackHost } from '../domain/index.ts';
import { toConfigError } from './config-error.ts';
import type { Environment } from './folders.ts';

/** Whether TLS is used, by the rules of Temporal's library. */
interface TransportOptions {
  readonly tls?: unknown;
  readonly apiKey?: unknown;
}

/**
 * Refuses a Temporal server on another machine without TLS, unless WINDLASS_INSECURE_TEMPORAL allows it:
 * an attacker on the network could act on every cluster. Also refuses a process in which Node verifies no
 * certificate at all.
 *
 * @throws invalid-input `CONFIG_INVALID`
 */
export function requireTls(address: string, { tls, apiKey }: TransportOptions, env: Environment): void {
  if (env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0' || process.env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0') {
    throw toConfigError([
      {
        field: 'NODE_TLS_REJECT_UNAUTHORIZED',
        message:
          'turns the verification of every certificate off; name a CA of your own with NODE_EXTRA_CA_CERTS',
      },
    ]);
  }
  const isTls = Boolean(tls ?? apiKey !== undefined);
  if (isTls || env['WINDLASS_INSECURE_TEMPORAL'] === 'true') return;
  if (isOnThisMachine(address)) return;
  throw toConfigError([
    {
      field: 'TEMPORAL_ADDRESS',
      message:
        'is a server on another machine, reached without TLS: set TEMPORAL_TLS=true (and what TEMPORAL_TLS_* needs), or WINDLASS_INSECURE_TEMPORAL=true',
    },
  ]);
}

/** Whether host:port is loopback. */
export function isOnThisMachine(address: string): boolean {
  const [, bracketed, bare] = /^(?:\[([0-9a-f:]+)\]|([^\s:[\]/]+))(?::\d{1,5})?$/i.exec(address) ?? [];
  return isLoopbackHost(bracketed ?? bare ?? '');
}
