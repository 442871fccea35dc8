import { expect, it } from 'vitest';
import { maskForeignText } from '../../../src/masking/index.ts';
import { toStatusError } from '../../../src/providers/kubernetes/api/kube-errors.ts';
import { toHelmError } from '../../../src/providers/kubernetes/helm/helm-errors.ts';

it.each([
  'password: hunter2x',
  'password=hunter2x',
  'password = "hunter2x"',
  "password: 'hunter2x'",
  'the password:hunter2x',
  'mysql --password hunter2x --host db',
  'mysql --password=hunter2x',
  'DB_PASSWORD=hunter2x ./run',
  '{"password": "hunter2x", "host": "db"}',
  '{"password":5551212,"host":"db"}'.replace('5551212', '"hunter2x"'),
  '"{\\"password\\": \\"hunter2x\\"}"',
  'passwords: ["one", "hunter2x"]',
  'credentials: {"user": "a", "is": "hunter2x"}',
  'password: |\n  hunter2x\n  hunter2x\nhost: db',
  'password: "hunter2x',
  "export PASSWORD='it'\\''s hunter2x'",
  'password: my hunter2x pass phrase',
  'data.password: Invalid value: "hunter2x": too weak',
  'password := hunter2x',
  'password => hunter2x',
  '<password>hunter2x</password>',
  'postgres://u:hunter2x@db/x',
  'postgres://u:p@ss/hunter2x@db/x',
  'https://hunter2x-hunter2x-hunter2x@git.test/x',
  'Authorization: Bearer hunter2x',
  'curl -H "Authorization: Basic hunter2xhunter2x=="',
  'eyJhbGciOiJIUzI1NiJ9.eyJodW50ZXIyeCI6MX0.hunter2x-hunter2x',
  '-----BEGIN RSA PRIVATE KEY-----\nhunter2x\n-----END RSA PRIVATE KEY-----',
  '-----BEGIN PGP PRIVATE KEY BLOCK-----\nhunter2x',
])('of another program is masked what a name or its form says is secret: %s', (text) => {
  const masked = maskForeignText(text);
  expect(masked).not.toMatch(/hunter2x|eyJhbGci/);
  expect(masked).toContain('[redacted]');
  expect(maskForeignText(masked)).not.toContain('hunter2x');
});

it.each([
  'secret "web-token" not found',
  'secrets is forbidden: User "system:anonymous" cannot list resource "secrets" in API group ""',
  'open /run/secrets/db: no such file or directory',
  'https://db.test:8443/@scope/package is away',
  'the token has expired',
  'basic authentication is not enabled',
  'postgres://db.test:5432/x',
])('leaves what names no value: %s', (text) => {
  expect(maskForeignText(text)).toBe(text);
});

it('is done where a message of ours quotes such text, and only there', () => {
  const mask = (text: string): string => text.replaceAll('planted', '******');
  expect(toHelmError('install', 'Error: a planted value\npassword: hunter2x\nand more', mask).message).toBe(
    'helm install: a ****** value; password: [redacted]; and more',
  );
  const status = { message: 'admission webhook denied: token=hunter2x' };
  expect(toStatusError(422, status, { what: 'create secret: web' }).message).toBe(
    'create secret: web: admission webhook denied: token=[redacted]',
  );
});
