import { expect, it } from 'vitest';
import { isSecretName } from '../../../src/domain/index.ts';
import { createRedactor, REDACTED } from '../../../src/observability/index.ts';

it.each([
  ...[
    'password',
    'passwords',
    'adminPass',
    'pwd',
    'dbpwd',
    'DB_PASSWORD',
    'MYSQL_ROOT_PASSWORD',
    'passwordHash',
  ],
  ...[
    'secret',
    'secrets',
    'client_secret',
    'secretKey',
    'secretAccessKey',
    'aws_secret_access_key',
    'accessKeyId',
  ],
  ...[
    'token',
    'tokens',
    'tokenValue',
    'api_token',
    'refreshToken',
    'apiKey',
    'api-key',
    'x-api-key',
    'sshKey',
  ],
  ...['privateKey', 'privateKeyPem', 'client-key-data', 'credential', 'credentials', 'kubeconfig', 'dsn'],
  ...[
    'Authorization',
    'cookie',
    'passphrase',
    'connectionString',
    'env.password',
    'auth.rootPassword2',
    'auth.token.value',
  ],
])('%s names a secret', (name) => {
  expect(isSecretName(name)).toBe(true);
});

it.each([
  ...[
    'secretName',
    'existingSecret',
    'imagePullSecrets',
    'createSecret',
    'useToken',
    'passwordFile',
    'tokenPath',
  ],
  ...[
    'passwordLength',
    'maxTokens',
    'tokenTtl',
    'secretKeyRef',
    'publicKey',
    'ssh_public_key',
    'hostKey',
    'key',
    'keys',
  ],
  ...[
    'compass',
    'bypass',
    'passenger',
    'tokenizer',
    'monkey',
    'name',
    '',
    '$secret',
    'user',
    'secretRef',
    'password.length',
  ],
])('%s names none', (name) => {
  expect(isSecretName(name)).toBe(false);
});

it('hides what such a name has, of any type, and the value beside the name in a pair', () => {
  const given = {
    auth: { password: 987123654, enabled: true },
    passwords: ['planted-1', 'planted-2'],
    secrets: { some: { key: 'planted-3' } },
    extraEnv: [
      { name: 'DB_PASSWORD', value: 'planted-4' },
      { name: 'DB_HOST', value: 'db.test' },
    ],
    headers: new Map([['authorization', 'planted-5']]),
  };
  expect(createRedactor().redactValue(given)).toEqual({
    auth: { password: REDACTED, enabled: true },
    passwords: REDACTED,
    secrets: REDACTED,
    extraEnv: [
      { name: 'DB_PASSWORD', value: REDACTED },
      { name: 'DB_HOST', value: 'db.test' },
    ],
    headers: { authorization: REDACTED },
  });
});
