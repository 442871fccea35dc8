import { cutText, WindlassError } from '../../../domain/index.ts';
import { maskForeignText } from '../../../masking/index.ts';
import { findTextRule, type TextRule } from '../../../provider-utils/index.ts';
import { HINT_RBAC, isQuota, quotaError } from '../api/kube-errors.ts';

const MAX_MESSAGE = 1_500;

// Matches the text of helm and of the API server; the first rule that fits applies. Both versions of helm
// print the same text.
const RULES: readonly TextRule[] = [
  {
    pattern: /another operation \(install\/upgrade\/rollback\) is in progress/i,
    kind: 'unavailable',
    code: 'RELEASE_BUSY',
    hint: 'another helm works on the release, or was killed in the middle: the next attempt finds out which',
  },
  {
    pattern: /cannot re-?use a name that is still in use|release: already exists/i,
    kind: 'unavailable',
    code: 'RELEASE_BUSY',
    hint: 'another client installed a release of this name at the same moment: the next attempt checks who owns it',
  },
  {
    pattern: /invalid ownership metadata|cannot be imported into the current release/i,
    kind: 'conflict',
    code: 'RELEASE_OBJECT_EXISTS',
    hint: 'an object of this name belongs to another owner: choose another name for the cluster, or remove it',
  },
  {
    pattern: /chart requires kubeVersion/i,
    kind: 'invalid-input',
    code: 'KUBERNETES_VERSION',
    hint: 'the chart is for other versions of Kubernetes: use another version of the chart',
  },
  {
    pattern: /don't meet the specifications of the schema|values\.schema\.json|failed validating schema/i,
    kind: 'invalid-input',
    code: 'CONF_INVALID',
    hint: '`windlass app describe` shows the values of a chart',
  },
  {
    pattern: /no matches for kind|ensure CRDs are installed first|could not find the requested resource/i,
    kind: 'invalid-input',
    code: 'KUBERNETES_KIND_UNKNOWN',
    hint: 'the server has no such kind: install its CRDs first',
  },
  {
    pattern:
      /connection refused|i\/o timeout|no such host|connection reset|TLS handshake timeout|server is currently unable|context deadline exceeded.*dial|EOF|etcdserver|http2: client connection lost|apiserver not ready|leader changed/i,
    kind: 'unavailable',
    code: 'KUBERNETES_UNREACHABLE',
    hint: 'check whether the API server answers',
  },
  {
    // The API server, or a proxy in front of it, answers with 5xx.
    pattern:
      /Internal error occurred|an error on the server \(.*\) has prevented the request|server was unable to return a response|ServiceUnavailable/i,
    kind: 'unavailable',
    code: 'KUBERNETES_UNAVAILABLE',
    hint: 'see the API server’s log',
  },
  {
    // Helm prints only this when any of the objects could not be deleted; to delete again does no harm.
    pattern: /^failed to delete release: /i,
    kind: 'unavailable',
    code: 'HELM_DELETE_FAILED',
    hint: 'the next attempt continues; if none succeeds, check whether the credential may delete all of the chart’s objects',
  },
  {
    pattern: /x509: |certificate signed by unknown authority/i,
    kind: 'permission',
    code: 'KUBERNETES_TLS',
    hint: 'give the CA of the server',
  },
  {
    pattern: /\bUnauthorized\b|provide credentials/i,
    kind: 'permission',
    code: 'KUBERNETES_UNAUTHORIZED',
    hint: 'the token may have expired: windlass runtime update NAME --credential FILE',
  },
  {
    pattern: /is forbidden|cannot (get|list|create|patch|update|delete) resource/i,
    kind: 'permission',
    code: 'KUBERNETES_FORBIDDEN',
    hint: HINT_RBAC,
  },
  {
    pattern: /Too Many Requests|client rate limiter/i,
    kind: 'throttled',
    code: 'KUBERNETES_THROTTLED',
    hint: 'the API server limits the request rate',
  },
  {
    pattern: /hook.{0,200}failed|failed (pre|post)-\w|BackoffLimitExceeded|job .{0,200}failed/i,
    kind: 'conflict',
    code: 'HELM_HOOK_FAILED',
    hint: 'a hook of the chart failed: windlass cluster describe CLUSTER --refresh shows its pods',
  },
  {
    pattern: /timed out waiting|context deadline exceeded/i,
    kind: 'timeout',
    code: 'HELM_TIMEOUT',
    hint: 'a hook of the chart may be waiting for something',
  },
  {
    pattern:
      /execution error at|parse error|error calling|template:|YAML parse error|unable to build kubernetes objects|error validating data|is invalid:|unknown field/i,
    kind: 'invalid-input',
    code: 'CHART_RENDER',
    hint: 'correct the chart or its values: helm template shows what it renders',
  },
];

/** Turns the output of a failed helm into an error of the closed list; `mask` hides secret values. */
export function toHelmError(verb: string, stderr: string, mask: (text: string) => string): WindlassError {
  // Before the lines are joined: a value after the name of a secret ends with its line.
  const message = cutText(tidy(maskForeignText(mask(stderr))), MAX_MESSAGE);
  const said = tidy(stderr);
  const what = `helm ${verb}`;
  if (isQuota(said)) return quotaError(what, message);
  const rule = findTextRule(RULES, said);
  return new WindlassError(rule?.kind ?? 'conflict', `${what}: ${message}`, {
    code: rule?.code ?? 'HELM_FAILED',
    hint: rule?.hint ?? 'see helm’s message above; a failed cluster can be deleted, or recovered',
  });
}

/** The message without helm's own prefixes, warnings and log lines. */
function tidy(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^(WARNING|W\d{4}|I\d{4}|level=(INFO|WARN|DEBUG))/.test(line))
    .map((line) => line.replace(/^(Error: )?((INSTALLATION|UPGRADE|ROLLBACK|UNINSTALL) FAILED: )?/, ''));
  const text = lines.join('; ').replace(/(; )?Use --debug flag to render out invalid YAML/, '');
  return text || 'it failed without a message';
}
