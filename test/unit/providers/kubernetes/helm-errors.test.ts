import { describe, expect, it } from 'vitest';
import { toHelmError } from '../../../../src/providers/kubernetes/helm/helm-errors.ts';

const asItIs = (text: string): string => text;

describe('what helm says when it fails', () => {
  it.each<[string, string, string]>([
    [
      'Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress',
      'unavailable',
      'RELEASE_BUSY',
    ],
    ['Error: INSTALLATION FAILED: cannot re-use a name that is still in use', 'unavailable', 'RELEASE_BUSY'],
    ['Error: INSTALLATION FAILED: release: already exists', 'unavailable', 'RELEASE_BUSY'],
    [
      'Error: INSTALLATION FAILED: unable to continue with install: Secret "db" in namespace "shop" exists and cannot be imported into the current release: invalid ownership metadata',
      'conflict',
      'RELEASE_OBJECT_EXISTS',
    ],
    [
      'Error: INSTALLATION FAILED: chart requires kubeVersion: >=1.99 which is incompatible with Kubernetes v1.37.2',
      'invalid-input',
      'KUBERNETES_VERSION',
    ],
    [
      "Error: values don't meet the specifications of the schema(s) in the following chart(s):\nshop:\n- at '/web/replicas': got string, want integer",
      'invalid-input',
      'CONF_INVALID',
    ],
    [
      'Error: INSTALLATION FAILED: unable to build kubernetes objects from release manifest: resource mapping not found for name: "x" namespace: "" from "": no matches for kind "Thing" in version "own.example/v1"\nensure CRDs are installed first',
      'invalid-input',
      'KUBERNETES_KIND_UNKNOWN',
    ],
    [
      'Error: INSTALLATION FAILED: Kubernetes cluster unreachable: Get "https://127.0.0.1:1/version": dial tcp 127.0.0.1:1: connect: connection refused',
      'unavailable',
      'KUBERNETES_UNREACHABLE',
    ],
    ['Error: UPGRADE FAILED: Internal error occurred: so it is', 'unavailable', 'KUBERNETES_UNAVAILABLE'],
    [
      'Error: UPGRADE FAILED: an error on the server ("") has prevented the request from succeeding (post secrets)',
      'unavailable',
      'KUBERNETES_UNAVAILABLE',
    ],
    ['Error: failed to delete release: shop', 'unavailable', 'HELM_DELETE_FAILED'],
    // Helm’s own words stand at the beginning.
    ['Error: INSTALLATION FAILED: hook failed to delete release: shop', 'conflict', 'HELM_HOOK_FAILED'],
    [
      'Error: INSTALLATION FAILED: Kubernetes cluster unreachable: Get "https://k:1/version": tls: failed to verify certificate: x509: certificate signed by unknown authority',
      'permission',
      'KUBERNETES_TLS',
    ],
    [
      'Error: Kubernetes cluster unreachable: the server has asked for the client to provide credentials',
      'permission',
      'KUBERNETES_UNAUTHORIZED',
    ],
    [
      'Error: INSTALLATION FAILED: deployments.apps is forbidden: User "nobody" cannot create resource "deployments" in API group "apps" in the namespace "shop"',
      'permission',
      'KUBERNETES_FORBIDDEN',
    ],
    [
      'Error: INSTALLATION FAILED: pods "web" is forbidden: exceeded quota: tight, requested: pods=1, used: pods=0, limited: pods=0',
      'quota',
      'KUBERNETES_QUOTA',
    ],
    [
      'Error: INSTALLATION FAILED: client rate limiter Wait returned an error: context deadline exceeded',
      'throttled',
      'KUBERNETES_THROTTLED',
    ],
    [
      'Error: INSTALLATION FAILED: failed pre-install: 1 error occurred:\n\t* job shop-setup failed: BackoffLimitExceeded',
      'conflict',
      'HELM_HOOK_FAILED',
    ],
    [
      'Error: INSTALLATION FAILED: failed post-install: 1 error occurred:\n\t* timed out waiting for the condition',
      'conflict',
      'HELM_HOOK_FAILED',
    ],
    ['Error: UPGRADE FAILED: timed out waiting for the condition', 'timeout', 'HELM_TIMEOUT'],
    [
      'Error: INSTALLATION FAILED: execution error at (shop/templates/all.yaml:1:4): no',
      'invalid-input',
      'CHART_RENDER',
    ],
    ['Error: something new', 'conflict', 'HELM_FAILED'],
    ['', 'conflict', 'HELM_FAILED'],
  ])('%j', (stderr, kind, code) => {
    const error = toHelmError('install', stderr, asItIs);
    expect(error).toMatchObject({ kind, code });
    expect(error.message).toMatch(/^helm install: ./);
    expect(error.hint).not.toBe('');
  });

  it('is said without its prefixes and log lines, not at any length, and masked', () => {
    const { message } = toHelmError(
      'upgrade',
      [
        'WARNING: Kubernetes configuration file is group-readable',
        'W1124 12:00:00.000000 1 warnings.go:70] unknown field',
        'level=WARN msg="something"',
        `Error: UPGRADE FAILED: the password is open-sesame ${'x'.repeat(3_000)}`,
      ].join('\n'),
      (text) => text.replaceAll('open-sesame', '***'),
    );
    expect(message).toMatch(/^helm upgrade: the password is \*\*\* x/);
    expect(message.length).toBeLessThan(1_600);
  });
});
