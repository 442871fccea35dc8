import { parse } from 'yaml';
import { WindlassError } from '../domain/index.ts';

/** A user that user-data declares. */
export interface CloudConfigUser {
  readonly name: string;
  readonly shell: string;
  /** The sudoers rule without the user's name; empty for none. */
  readonly sudo: string;
  readonly authorizedKeys: readonly string[];
}

/**
 * The part of a `#cloud-config` that decides who can reach the machine; the rest is left to real
 * cloud-init.
 */
export interface CloudConfig {
  readonly hostname: string;
  /** Whether root may log in with the keys of the top level. */
  readonly disableRoot: boolean;
  readonly authorizedKeys: readonly string[];
  readonly users: readonly CloudConfigUser[];
  /** Whether the image's host keys are deleted; cloud-init's default. */
  readonly deleteHostKeys: boolean;
  /** By type: `ed25519`, `ecdsa`, `rsa`. */
  readonly hostKeys: Readonly<Record<string, { readonly privateKey: string; readonly publicKey: string }>>;
}

/**
 * Parses user-data as cloud-init does, as far as it concerns the keys that decide who reaches a machine.
 * What cloud-init ignores (unknown keys, wrong types) is ignored.
 *
 * @throws invalid-input `USER_DATA_UNREADABLE` for text that is not a `#cloud-config` or not YAML.
 */
export function readCloudConfig(userData: string): CloudConfig {
  if (!/^#cloud-config[ \t]*\r?\n/.test(userData)) {
    throw unreadable('it does not begin with the line #cloud-config');
  }
  let parsed: unknown;
  try {
    parsed = parse(userData);
  } catch {
    // The parser quotes the text, which holds a private key.
    throw unreadable('it is not YAML');
  }
  const config = isRecord(parsed) ? parsed : {};
  return {
    hostname: toText(config['hostname']),
    disableRoot: config['disable_root'] !== false,
    authorizedKeys: toTexts(config['ssh_authorized_keys']),
    users: (Array.isArray(config['users']) ? config['users'] : []).flatMap(toUser),
    deleteHostKeys: config['ssh_deletekeys'] !== false,
    hostKeys: readHostKeys(config['ssh_keys']),
  };
}

function toUser(entry: unknown): readonly CloudConfigUser[] {
  // The string `default` means the image's own user.
  if (!isRecord(entry) || toText(entry['name']) === '') return [];
  const { sudo } = entry;
  return [
    {
      name: toText(entry['name']),
      shell: toText(entry['shell']) || '/bin/sh',
      sudo: Array.isArray(sudo) ? toText(sudo[0]) : toText(sudo),
      authorizedKeys: toTexts(entry['ssh_authorized_keys']),
    },
  ];
}

function readHostKeys(keys: unknown): CloudConfig['hostKeys'] {
  if (!isRecord(keys)) return {};
  return Object.fromEntries(
    ['ed25519', 'ecdsa', 'rsa'].flatMap((type) => {
      const privateKey = toText(keys[`${type}_private`]);
      if (privateKey === '') return [];
      return [[type, { privateKey, publicKey: toText(keys[`${type}_public`]) }]];
    }),
  );
}

function toTexts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unreadable(why: string): WindlassError {
  return new WindlassError('invalid-input', `the user-data of a machine cannot be read: ${why}`, {
    code: 'USER_DATA_UNREADABLE',
    hint: 'makeCloudConfig writes a form that every image with cloud-init reads',
  });
}
