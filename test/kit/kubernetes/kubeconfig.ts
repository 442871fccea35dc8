import { stringify } from 'yaml';

/** A kubeconfig with one context. */
export function writeKubeconfig(access: {
  readonly url: string;
  readonly ca: string;
  readonly token: string;
  readonly namespace?: string;
}): string {
  const { url, ca, token, namespace } = access;
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'testbed',
        cluster: { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') },
      },
    ],
    users: [{ name: 'tester', user: { token } }],
    contexts: [
      {
        name: 'testbed',
        context: { cluster: 'testbed', user: 'tester', ...(namespace === undefined ? {} : { namespace }) },
      },
    ],
    'current-context': 'testbed',
  });
}
