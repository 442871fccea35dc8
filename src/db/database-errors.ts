import { WindlassError } from '../domain/index.ts';

const HINT_NO_CONNECTION =
  'PostgreSQL has no connection left: raise its max_connections, or lower WINDLASS_DATABASE_CONNECTIONS of the workers';
const HINT_UNAVAILABLE = 'check that PostgreSQL runs and that DATABASE_URL names it';

/** Codes of the driver and of Node's sockets; those of PostgreSQL are recognised by their class. */
const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** The driver gives these no code; the texts are its own and stable since pg 7. */
const CONNECTION_MESSAGES = [
  'Connection terminated',
  'timeout exceeded when trying to connect',
  'timeout expired',
  'Client has encountered a connection error and is not queryable',
  'Cannot use a pool after calling end on the pool',
];

/** How often a method is attempted when PostgreSQL aborts its transaction in favour of another. */
const MAX_ATTEMPTS = 4;

/**
 * Gives every method of a store the errors of the contract. A transaction that lost a deadlock or a
 * serialization conflict is run again: every method may be repeated.
 */
export function withDatabaseErrors<Store extends object>(store: Store): Store {
  const wrapped: Record<string, unknown> = {};
  for (const [name, method] of Object.entries(store)) {
    wrapped[name] = async (...parameters: unknown[]) => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await (method as (...values: unknown[]) => Promise<unknown>)(...parameters);
        } catch (error) {
          if (attempt < MAX_ATTEMPTS && isLostConflict(error)) continue;
          throw toDatabaseError(error);
        }
      }
    };
  }
  return wrapped as Store;
}

/**
 * Translates a failure of the database. Its text and detail are left out, and it is not kept as the cause:
 * PostgreSQL repeats values there, and a value may be a secret.
 */
export function toDatabaseError(error: unknown): WindlassError {
  if (WindlassError.isInstance(error)) return error;
  const code = readText(error, 'code');
  if (isConnectionFailure(error, code)) {
    return new WindlassError(
      'unavailable',
      `the database cannot be reached${code === '' ? '' : ` (${code})`}`,
      {
        code: 'DATABASE_UNAVAILABLE',
        hint: code === '53300' ? HINT_NO_CONNECTION : HINT_UNAVAILABLE,
      },
    );
  }
  if (code.startsWith('28')) {
    return new WindlassError(
      'permission',
      `the database refuses the user of DATABASE_URL (SQLSTATE ${code})`,
      {
        code: 'DATABASE_ACCESS',
        hint: 'check user and password in DATABASE_URL',
      },
    );
  }
  if (code === '53100' || code === 'ENOSPC') {
    return new WindlassError('unavailable', 'the disk of the database is full', {
      code: 'DATABASE_FULL',
      hint: 'free some space on the disk of the database; work continues by itself then',
    });
  }
  if (code === '42P01') {
    return new WindlassError('internal', 'the database has no tables of windlass', {
      code: 'DATABASE_NOT_MIGRATED',
      hint: 'a worker creates the tables when it starts; check that DATABASE_URL names the right database',
    });
  }
  if (code !== '') {
    const where = [
      readText(error, 'table'),
      readText(error, 'constraint'),
      readText(error, 'routine'),
    ].filter((part) => part !== '');
    return new WindlassError(
      'internal',
      `the database refused a statement (SQLSTATE ${code}${where.length === 0 ? '' : `, ${where.join(', ')}`})`,
      { code: 'DATABASE_ERROR' },
    );
  }
  // Not a failure of PostgreSQL: a defect of ours, whose text holds no parameter.
  return new WindlassError('internal', error instanceof Error ? error.message : 'a store failed', {
    code: 'DATABASE_ERROR',
    cause: error,
  });
}

/** Whether the row exists already: PostgreSQL's unique violation, of this constraint. */
export function isUniqueViolation(error: unknown, constraint: string): boolean {
  return readText(error, 'code') === '23505' && readText(error, 'constraint') === constraint;
}

function isLostConflict(error: unknown): boolean {
  const code = readText(error, 'code');
  return code === '40001' || code === '40P01';
}

function isConnectionFailure(error: unknown, code: string): boolean {
  if (
    CONNECTION_CODES.has(code) ||
    code.startsWith('08') ||
    code.startsWith('57P') ||
    code === '53300' ||
    code === '3D000'
  ) {
    return true;
  }
  if (isLostConflict(error)) return true;
  return (
    error instanceof Error &&
    code === '' &&
    CONNECTION_MESSAGES.some((text) => error.message.startsWith(text))
  );
}

function readText(error: unknown, field: string): string {
  if (typeof error !== 'object' || error === null) return '';
  const value = (error as Readonly<Record<string, unknown>>)[field];
  return typeof value === 'string' ? value : '';
}
