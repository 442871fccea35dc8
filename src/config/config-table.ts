/** One environment variable, as the documentation and the deployment files see it. */
export interface ConfigVariable {
  readonly name: string;
  readonly type: 'text' | 'path' | 'integer' | 'list' | 'choice' | 'address' | 'url' | 'boolean';
  /** The default, as text if it is computed; null for none. */
  readonly default: string | null;
  readonly description: string;
  /** Its value must not appear in any log, and comes from a file in production. */
  readonly secret: boolean;
}

function variable(
  name: string,
  type: ConfigVariable['type'],
  defaultValue: string | null,
  description: string,
  secret = false,
): ConfigVariable {
  return { name, type, default: defaultValue, description, secret };
}

/**
 * Every environment variable that windlass reads. The `TEMPORAL_*` ones are read by Temporal's own
 * library and mean what they mean to its other tools.
 */
export const CONFIG_TABLE: readonly ConfigVariable[] = [
  variable(
    'TEMPORAL_ADDRESS',
    'address',
    'that of the profile, for clients then the stack of WINDLASS_HOME, otherwise localhost:7233',
    'host:port of the Temporal server',
  ),
  variable('TEMPORAL_NAMESPACE', 'text', 'default', 'Temporal namespace'),
  variable('TEMPORAL_PROFILE', 'text', 'default', 'profile of temporal.toml to read'),
  variable('TEMPORAL_CONFIG_FILE', 'path', 'Temporal’s own default', 'temporal.toml to read'),
  variable('TEMPORAL_API_KEY', 'text', null, 'API key of the Temporal server', true),
  variable('TEMPORAL_TLS', 'boolean', 'on if a key or certificate is given', 'whether TLS is used'),
  variable('TEMPORAL_TLS_CLIENT_CERT_PATH', 'path', null, 'client certificate, a file'),
  variable('TEMPORAL_TLS_CLIENT_CERT_DATA', 'text', null, 'client certificate, PEM text'),
  variable('TEMPORAL_TLS_CLIENT_KEY_PATH', 'path', null, 'client key, a file'),
  variable('TEMPORAL_TLS_CLIENT_KEY_DATA', 'text', null, 'client key, PEM text', true),
  variable('TEMPORAL_TLS_SERVER_CA_CERT_PATH', 'path', null, 'CA of the server, a file'),
  variable('TEMPORAL_TLS_SERVER_CA_CERT_DATA', 'text', null, 'CA of the server, PEM text'),
  variable('TEMPORAL_TLS_SERVER_NAME', 'text', null, 'name that the server’s certificate must have'),
  variable('DATABASE_URL', 'url', 'the embedded database (windlass dev)', 'PostgreSQL of the workers', true),
  variable('DATABASE_URL_FILE', 'path', null, 'file that holds DATABASE_URL; for secrets kept as files'),
  variable(
    'WINDLASS_DATABASE_CONNECTIONS',
    'integer',
    '5',
    'database connections of one worker, at most; all workers together must stay below PostgreSQL’s max_connections',
  ),
  variable(
    'WINDLASS_HOME',
    'path',
    'the user’s data folder',
    'state of the embedded stack and of the local provider',
  ),
  variable(
    'WINDLASS_CACHE',
    'path',
    'the user’s cache folder',
    'downloaded tools, compiled code, and what API servers say of their kinds; may be deleted at any time',
  ),
  variable(
    'WINDLASS_HELM',
    'path',
    'helm on the PATH, otherwise one that is installed',
    'helm to use for Kubernetes: 4, or 3.14 and newer',
  ),
  variable(
    'WINDLASS_KEYRING',
    'path',
    '<WINDLASS_HOME>/keyring.json',
    'keys that open sealed secrets; mode 0600',
    false,
  ),
  variable(
    'WINDLASS_AWS_OWN_IDENTITY',
    'boolean',
    'false',
    'whether runtimes may use the worker’s own AWS identity (credential {}, or a role that it assumes)',
  ),
  variable(
    'WINDLASS_AWS_PROFILES',
    'list',
    null,
    'profiles of the worker’s ~/.aws that runtimes may use; absent: none',
  ),
  variable(
    'WINDLASS_AWS_TOKEN_FILES',
    'list',
    null,
    'files that a credential may name as webIdentityTokenFile, by their absolute paths; absent: none',
  ),
  variable(
    'WINDLASS_INSECURE_DATABASE',
    'boolean',
    'false',
    'whether workers may reach a database on another machine without TLS, or without verifying its certificate',
  ),
  variable(
    'WINDLASS_INSECURE_TEMPORAL',
    'boolean',
    'false',
    'whether clients and workers may reach a Temporal server on another machine without TLS',
  ),
  variable(
    'WINDLASS_INSECURE_URLS',
    'list',
    null,
    'hosts (or host:port) that runtimes may name with http://, besides this machine; absent: none',
  ),
  variable(
    'WINDLASS_KUBERNETES_EXEC',
    'list',
    null,
    'programs that a kubeconfig’s exec section may name, in their one known form: aws, aws-iam-authenticator; absent: none',
  ),
  variable(
    'WINDLASS_KUBERNETES_IN_CLUSTER',
    'boolean',
    'false',
    'whether runtimes may use the service account of the worker’s pod',
  ),
  variable(
    'WINDLASS_LOCAL_PROVIDER',
    'boolean',
    'true where the Temporal server is on this machine',
    'whether runtimes of the provider local are allowed; a user who creates one runs programs as the user of the worker',
  ),
  variable(
    'WINDLASS_PROVIDERS',
    'list',
    null,
    'packages with further providers, or paths of their files, separated by commas',
  ),
  variable(
    'WINDLASS_HEARTBEAT_SECONDS',
    'integer',
    '10',
    'silence after which an activity’s worker counts as dead',
  ),
  variable(
    'WINDLASS_LEASE_SECONDS',
    'integer',
    '15',
    'how long a resource stays leased to a worker that went silent',
  ),
  variable('WINDLASS_LOG_LEVEL', 'choice', 'info', 'trace, debug, info, warn, error, fatal or silent'),
  variable(
    'WINDLASS_METRICS_ADDRESS',
    'address',
    null,
    'IP address and port on which a worker serves Prometheus metrics; absent: none',
  ),
  variable(
    'WINDLASS_SLOTS_WORKFLOWS',
    'integer',
    '40',
    'workflow tasks at the same time, and as many short steps of jobs',
  ),
  variable(
    'WINDLASS_SLOTS_EFFECTS',
    'integer',
    '40',
    'effects at the same time, for each account and region',
  ),
  variable(
    'WINDLASS_SLOTS_WAITS',
    'integer',
    '100',
    'observations at the same time, for each account and region',
  ),
  variable(
    'WINDLASS_SLOTS_NODES',
    'integer',
    '40',
    'node commands at the same time, for each account and region',
  ),
  variable(
    'WINDLASS_SLOTS_READS',
    'integer',
    '20',
    'requests of clients at the same time, of those that any worker can answer and of each provider',
  ),
  variable(
    'WINDLASS_STICKY_SECONDS',
    'integer',
    '10',
    'how long a job waits for the worker that has it in memory',
  ),
  variable('WINDLASS_CACHED_WORKFLOWS', 'integer', '200', 'jobs that one worker keeps in memory'),
  variable(
    'WINDLASS_STOP_SECONDS',
    'integer',
    '10',
    'how long a worker that is asked to stop lets activities end',
  ),
  variable(
    'WINDLASS_WATCHDOG_SECONDS',
    'integer',
    '30',
    'a worker whose event loop is blocked for this long ends itself; 0: never',
  ),
];
