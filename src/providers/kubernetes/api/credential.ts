import type { KubeConfig } from '@kubernetes/client-node';
import { WindlassError, type Credential } from '../../../domain/index.ts';

/** How a runtime's API server is reached. */
export interface ConnectionRequest {
  /** Endpoint of the API; empty for the one of the kubeconfig, or the cluster that the worker runs in. */
  readonly url: string;
  readonly credential: Credential;
}

/** What may be called to get a token, by its bare name. */
export interface ExecPolicy {
  readonly allowedCommands: readonly string[];
  /** The folder below which a pod's own files are looked for, instead of the root. */
  readonly podRoot?: string;
}

// Credential helpers of the large clouds. Anything else must be named by whoever runs the worker:
// a kubeconfig comes from a user, and its exec section runs on the worker.
export const DEFAULT_EXEC_COMMANDS: readonly string[] = [
  'aws',
  'aws-iam-authenticator',
  'gke-gcloud-auth-plugin',
  'kubelogin',
  'doctl',
  'oci',
];

const IN_CLUSTER_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/**
 * Makes the configuration of a client from what the user gave: a kubeconfig (`document`), a token
 * (`token`, with `url` and, where the server's certificate is of a CA of its own,
 * `certificateAuthority`), or `inCluster`: the worker's own service account.
 *
 * TLS is always verified: a configuration that turns it off is refused, and so is one that names
 * files, which would be the worker's.
 *
 * @throws invalid-input `KUBERNETES_CREDENTIAL` with `field` `credential` or `url`. Quotes nothing of it.
 */
export async function openKubeConfig(
  { url, credential }: ConnectionRequest,
  policy: ExecPolicy,
): Promise<KubeConfig> {
  const { KubeConfig: Config } = await import('@kubernetes/client-node');
  const config = new Config();
  if (credential['document'] !== undefined || credential['kubeconfig'] !== undefined) {
    loadDocument(config, credential['document'] ?? credential['kubeconfig'] ?? '');
    checkKubeConfig(config, policy);
  } else if (credential['token'] !== undefined) {
    loadToken(config, url, credential['token'], credential['certificateAuthority']);
  } else if (credential['inCluster'] === 'true') {
    await loadInCluster(config, policy.podRoot ?? '');
  } else {
    throw wrongCredential(
      'it is neither a kubeconfig nor a token',
      'give a kubeconfig file, or {"token": …, "certificateAuthority": …} with --url, or {"inCluster": "true"}',
    );
  }
  if (url !== '') overrideServer(config, url);
  checkServer(config);
  return config;
}

function loadDocument(config: KubeConfig, document: string): void {
  try {
    config.loadFromString(document);
  } catch {
    // The parser's message quotes the text, which is a secret.
    throw wrongCredential('it is no kubeconfig', 'kubectl config view --flatten --minify writes one');
  }
  if (config.getCurrentCluster() === null || config.getCurrentUser() === null) {
    throw wrongCredential(
      'its current-context names no cluster or no user',
      'set current-context: kubectl config use-context NAME',
    );
  }
}

function checkKubeConfig(config: KubeConfig, policy: ExecPolicy): void {
  const cluster = config.getCurrentCluster();
  const user = config.getCurrentUser();
  if (cluster?.skipTLSVerify === true) {
    throw wrongCredential(
      'it turns the check of the server’s certificate off (insecure-skip-tls-verify)',
      'put the CA of the server into certificate-authority-data instead',
    );
  }
  const files = [
    ['certificate-authority', cluster?.caFile],
    ['client-certificate', user?.certFile],
    ['client-key', user?.keyFile],
  ].filter(([, path]) => path !== undefined && path !== '');
  if (files.length > 0) {
    throw wrongCredential(
      `it names files (${files.map(([name]) => String(name)).join(', ')}), which workers do not have`,
      'kubectl config view --flatten --minify puts their content into the kubeconfig',
    );
  }
  // Some of the old auth-providers run programs or read files; Kubernetes itself has given them up.
  if (user?.authProvider !== undefined && user.authProvider !== null) {
    throw wrongCredential(
      'it has an auth-provider, which Kubernetes has given up',
      'use an exec section, a token or a client certificate',
    );
  }
  if (user?.exec !== undefined && user.exec !== null) checkExec(user.exec, policy);
}

/** Variables by which a plugin would run something else than it is. */
const FORBIDDEN_ENV = /^(PATH|LD_.*|DYLD_.*|NODE_OPTIONS|PYTHON.*|BASH_ENV|ENV|IFS)$/;

function checkExec(exec: unknown, policy: ExecPolicy): void {
  const { command, env } = (exec ?? {}) as { command?: unknown; env?: readonly { name?: unknown }[] | null };
  if (typeof command !== 'string' || !policy.allowedCommands.includes(command)) {
    throw new WindlassError(
      'permission',
      'the kubeconfig asks workers to run a program that is not allowed',
      {
        code: 'KUBERNETES_EXEC',
        field: 'credential',
        hint: `allowed are: ${policy.allowedCommands.join(', ')}; whoever runs the workers can allow more with WINDLASS_KUBERNETES_EXEC`,
      },
    );
  }
  const wrong = (env ?? []).map(({ name }) => String(name)).filter((name) => FORBIDDEN_ENV.test(name));
  if (wrong.length === 0) return;
  throw wrongCredential(
    `its exec section sets ${wrong.join(', ')}, which would make the program another one`,
    'remove it: workers call the program as they find it',
  );
}

function loadToken(config: KubeConfig, url: string, token: string, authority: string | undefined): void {
  if (url === '') {
    throw new WindlassError('invalid-input', 'a token says nothing of where the API server is', {
      code: 'KUBERNETES_CREDENTIAL',
      field: 'url',
      hint: 'give --url https://HOST:PORT',
    });
  }
  config.loadFromClusterAndUser(
    {
      name: 'windlass',
      server: url,
      skipTLSVerify: false,
      ...(authority === undefined ? {} : { caData: toCaData(authority) }),
    },
    { name: 'windlass', token: token.trim() },
  );
}

/** PEM as it is, or already in base64. */
function toCaData(authority: string): string {
  return authority.includes('-----BEGIN') ? Buffer.from(authority).toString('base64') : authority.trim();
}

async function loadInCluster(config: KubeConfig, podRoot: string): Promise<void> {
  const { existsSync } = await import('node:fs');
  if (!existsSync(`${podRoot}${IN_CLUSTER_TOKEN}`) || process.env['KUBERNETES_SERVICE_HOST'] === undefined) {
    throw wrongCredential(
      'it says inCluster, and the worker that was asked runs in no pod',
      'run the workers in the cluster, or give a kubeconfig',
    );
  }
  config.loadFromCluster(podRoot);
}

function overrideServer(config: KubeConfig, url: string): void {
  const cluster = config.getCurrentCluster();
  if (cluster === null) return;
  config.clusters = config.clusters.map((one) => (one.name === cluster.name ? { ...one, server: url } : one));
}

function checkServer(config: KubeConfig): void {
  const server = config.getCurrentCluster()?.server ?? '';
  const url = URL.canParse(server) ? new URL(server) : null;
  if (url?.protocol === 'https:') return;
  throw new WindlassError('invalid-input', 'the address of the API server is no https:// URL', {
    code: 'KUBERNETES_CREDENTIAL',
    field: 'url',
    hint: 'credentials travel over verified TLS only: https://HOST:PORT',
  });
}

function wrongCredential(why: string, hint: string): WindlassError {
  return new WindlassError('invalid-input', `the Kubernetes credential cannot be used: ${why}`, {
    code: 'KUBERNETES_CREDENTIAL',
    field: 'credential',
    hint,
  });
}
