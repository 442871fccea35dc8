import { WindlassError } from '../../../domain/index.ts';
import type { ChartSource } from '../../../chart-package/index.ts';
import { maskForeignText } from '../../../masking/index.ts';
import { findTextRule, type TextRule } from '../../../provider-utils/index.ts';

// Matches helm's text; the first rule that fits applies.
const RULES: readonly TextRule[] = [
  {
    // The proxy that refuses every plain request to another machine.
    pattern: /proxyconnect tcp: dial tcp 127\.0\.0\.1:0/,
    kind: 'permission',
    code: 'CHART_TLS',
    hint: 'the registry or repository leads to a plain http address on another machine, which workers do not follow: ask its owner',
  },
  {
    pattern: /x509: |certificate|HTTP response to HTTPS client|tls: /i,
    kind: 'permission',
    code: 'CHART_TLS',
    hint: 'if the certificate is of your own CA, give it: --ca-file FILE',
  },
  {
    pattern: /\b40[13]\b|unauthorized|forbidden|denied|basic credential/i,
    kind: 'permission',
    code: 'CHART_UNAUTHORIZED',
    hint: 'give user name and password for the registry or repository: --chart-credential FILE',
  },
  {
    pattern: /digest|mismatch/i,
    kind: 'invalid-input',
    code: 'CHART_DIGEST',
    hint: 'the content that the registry serves does not match its digest: ask its owner',
  },
  {
    pattern: /\b404\b|not found|no chart (name|version)|could not locate a version|improper constraint/i,
    kind: 'not-found',
    code: 'CHART_NOT_FOUND',
    hint: 'check name, version and address; write the version exactly as the chart does',
  },
  {
    pattern:
      /no such host|server misbehaving|connection refused|connection reset|i\/o timeout|network is unreachable|EOF|\b50\d\b|name resolution/i,
    kind: 'unavailable',
    code: 'CHART_UNREACHABLE',
    hint: 'the worker fetches it: check that its machine can reach that host',
  },
];

// What helm prints beside the reason: its log, its banner, and a general failure line.
const NOISE = /^level=|^Hang tight|^Update Complete|^failed to update the following repositories|^\.\.\./;

/** Turns the output of a helm that could not fetch a chart into an error. */
export function toPullError(source: ChartSource, output: string): WindlassError {
  const words = tidy(output);
  // The addresses in it may contain the numbers and words that the rules match.
  const said = words.replaceAll(/"?\b(https?|oci):\/\/[^\s"]+"?/g, '');
  // A host that is not found does not mean that the chart is not found.
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
      hint: rule?.hint ?? 'see helm’s message above; helm pull on the machine of the worker gives the same',
    },
  );
}

function tidy(output: string): string {
  const lines = output.split('\n').map((line) => line.trim().replace(/^Error: /, ''));
  return lines.filter((line) => line !== '' && !NOISE.test(line)).join('; ');
}
