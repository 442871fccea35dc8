import { WindlassError, type Directive, type VolumeSpec } from '../domain/index.ts';

/** Directive of every service task: the command as the package declared it when the job was planned. */
export interface ServiceDirective extends CommandDirective {
  /** Name of the service, e.g. `start`. */
  readonly service: string;
}

/** What a command that is owed once has to know of its earlier tries. */
export interface EarlierTries {
  /**
   * Tasks of earlier jobs that have begun the same command and that nobody saw end: the node says
   * how they ended, and the command is started only where none of them did what it is for.
   */
  readonly earlier?: readonly string[];
}

/** Directive of a task that runs one command on a node. */
export interface CommandDirective extends EarlierTries {
  readonly command: string;
  /** The runner on the node ends the command after so many seconds. */
  readonly commandTimeoutSeconds: number;
  /** Started again when nobody knows how it ended. */
  readonly idempotent: boolean;
}

/** Directive of FormatAndMountVolumes, GrowFilesystems (with the new sizes) and UnmountVolumes. */
export interface MountDirective extends EarlierTries {
  readonly volumes: readonly VolumeSpec[];
  /** Whether an empty volume may be given a filesystem; false where it must hold one already. */
  readonly format: boolean;
}

/** Directive of RefreshConfiguration. */
export interface RefreshDirective {
  /** Whether the package's own node files are written too, beside the metadata. */
  readonly packageFiles: boolean;
}

/** Directive of GenerateSshKeys. */
export interface SshKeysDirective {
  /** `ssh-rsa`, `ssh-dsa` or `ssh-ed25519`, as the package asks for. */
  readonly keyType: string;
}

/** @throws internal `DIRECTIVE_INVALID` */
export function readServiceDirective(directive: Directive): ServiceDirective {
  return { ...readCommandDirective(directive), service: readText(directive, 'service') };
}

/** @throws internal `DIRECTIVE_INVALID` */
export function readCommandDirective(directive: Directive): CommandDirective {
  const commandTimeoutSeconds = directive['commandTimeoutSeconds'];
  if (typeof commandTimeoutSeconds !== 'number') throw invalidDirective('commandTimeoutSeconds');
  return {
    command: readText(directive, 'command'),
    commandTimeoutSeconds,
    idempotent: directive['idempotent'] === true,
    ...readEarlier(directive),
  };
}

/** @throws internal `DIRECTIVE_INVALID` */
export function readMountDirective(directive: Directive): MountDirective {
  const volumes = directive['volumes'];
  if (!Array.isArray(volumes)) throw invalidDirective('volumes');
  // Written by our own plan and stored as JSON: only its outer form is checked again.
  return {
    volumes: volumes as readonly VolumeSpec[],
    format: directive['format'] === true,
    ...readEarlier(directive),
  };
}

/** Absent means the metadata alone. */
export function readRefreshDirective(directive: Directive): RefreshDirective {
  return { packageFiles: directive['packageFiles'] === true };
}

/** @throws internal `DIRECTIVE_INVALID` */
export function readSshKeysDirective(directive: Directive): SshKeysDirective {
  return { keyType: readText(directive, 'keyType') };
}

function readEarlier(directive: Directive): EarlierTries {
  const { earlier } = directive;
  if (earlier === undefined) return {};
  if (!Array.isArray(earlier) || !earlier.every((taskId) => typeof taskId === 'string'))
    throw invalidDirective('earlier');
  return { earlier };
}

function readText(directive: Directive, key: string): string {
  const value = directive[key];
  if (typeof value !== 'string') throw invalidDirective(key);
  return value;
}

function invalidDirective(key: string): WindlassError {
  return new WindlassError('internal', `the stored plan has a task whose directive lacks ${key}`, {
    code: 'DIRECTIVE_INVALID',
  });
}
