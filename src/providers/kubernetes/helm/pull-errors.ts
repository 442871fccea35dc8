import { WindlassError } from '../../../domain/index.ts';
import type { ChartSource } from '../../../chart-package/index.ts';
import { maskForeignText } from '../../../masking/index.ts';
import { findTextRule, type TextRule } from '../../../provider-utils/index.ts';

// By what helm writes; the first that fits.
const RULES: readonly TextRule[] = [
  {
    // The proxy that ends every plain request to another machine.
    pattern: /proxyconnect tcp: dial tcp 127\.0\.0\.1:0/,
    kind: 'permission',
    code: 'CHART_TLS',
    hint: 'the registry or repository leads to an address of plain http on another machine, which workers do not follow: ask who keeps it',
  },
  {
    pattern: /x509: |certificate|HTTP response to HTTPS client|tls: /i,
    kind: 'permission',
    code: 'CHART_TLS',
    hint: 'where the certificate is of a CA of your own, give it: --ca-file FILE',
  },
  {
    pattern: /\b40[13]\b|unauthorized|forbidden|denied|basic credential/i,
    kind: 'permission',
    code: 'CHART_UNAUTHORIZED',
    hint: 'give user name and password of the registry or repository: --chart-credential FILE',
  },
  {
    pattern: /digest|mismatch/i,
    kind: 'invalid-input',
    code: 'CHART_DIGEST',
    hint: 'what the registry serves is not what it names: ask who keeps it',
  },
  {
    pattern: /\b404\b|not found|no chart (name|version)|could not locate a version|improper constraint/i,
    kind: 'not-found',
    code: 'CHART_NOT_FOUND',
    hint: 'see whether name, version and address are right; versions are written as the chart has them',
  },
  {
    pattern:
      /no such host|server misbehaving|connection refused|connection reset|i\/o timeout|network is unreachable|EOF|\b50\d\b|name resolution/i,
    kind: 'unavailable',
    code: 'CHART_UNREACHABLE',
    hint: 'the worker fetches it: can its machine reach that host?',
  },
];

// What helm says beside the reason: its log, its greeting, and that there was a reason.
const NOISE = /^level=|^Hang tight|^Update Complete|^failed to update the following repositories|^\.\.\./;

/** What helm wrote when it could not fetch a chart. */
export function toPullError(source: ChartSource, output: string): WindlassError {
  const words = tidy(output);
  // The addresses in it may hold the numbers and words that the rules look for.
  const said = words.replaceAll(/"?\b(https?|oci):\/\/[^\s"]+"?/g, '');
  // A host that is not found is not a chart that is not.
  const unreachable = RULES.find(({ code }) => code === 'CHART_UNREACHABLE');
  const rule =
    !/proxyconnect/.test(said) &&
    /no such host|server misbehaving|connection refused/i.test(said) &&
    unreachable !== undefined
      ? unreachable
      : findTextRule(RULES, said);
  return new WindlassError(
    rule?.kind ?? 'invalid-input',
    `${source.label} cannot be fetched: ${tidy(maskForeignText(output))}`,
    {
      code: rule?.code ?? 'CHART_PULL',
      hint: rule?.hint ?? 'see what helm says; helm pull on the machine of the worker says the same',
    },
  );
}

function tidy(output: string): string {
  const lines = output.split('\n').map((line) => line.trim().replace(/^Error: /, ''));
  return lines.filter((line) => line !== '' && !NOISE.test(line)).join('; ');
}
