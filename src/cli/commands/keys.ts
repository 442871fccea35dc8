import type { Command, CommandGroup } from '../command.ts';
import { renderTable } from '../render/table.ts';
import { WindlassError } from '../../domain/index.ts';
import type { Config } from '../../config/index.ts';

// These commands work on the keyring file and the database of the workers: they run where a worker runs,
// with its environment, and do not use Temporal.

const list: Command = {
  name: 'list',
  summary: "List the workers' keys, by id (never the keys themselves); run it where a worker runs",
  async run(_input, { io }) {
    const [{ loadConfig }, { listKeys }] = await Promise.all([
      import('../../config/index.ts'),
      import('../../secrets/index.ts'),
    ]);
    const keys = listKeys(loadConfig(io.env).keyringFile);
    const rows = keys.map((key) => [key.keyId, key.use, key.current ? 'current' : 'old', key.createdAt]);
    return { value: keys, text: renderTable(['ID', 'USE', 'STATE', 'MADE'], rows) };
  },
};

const rotate: Command = {
  name: 'rotate',
  summary: 'Generate new keys and encrypt every stored secret again; run it where a worker runs',
  async run(_input, { io }) {
    const { loadConfig } = await import('../../config/index.ts');
    const config = loadConfig(io.env);
    const stores = await openWorkerStores(config);
    try {
      const { rotateKeys } = await import('../../secrets/index.ts');
      const done = await rotateKeys(config.keyringFile, stores);
      const text = `new keys ${done.sealingKeyId} and ${done.storageKeyId}; ${done.reencrypted} secrets encrypted again`;
      return { value: done, text };
    } finally {
      await stores.close();
    }
  },
};

const retire: Command = {
  name: 'retire',
  summary: 'Drop the old sealing keys: what was sealed to them and is still on its way is refused',
  async run(_input, { io }) {
    const [{ loadConfig }, { retireSealingKeys }] = await Promise.all([
      import('../../config/index.ts'),
      import('../../secrets/index.ts'),
    ]);
    const retired = await retireSealingKeys(loadConfig(io.env).keyringFile);
    return {
      value: { retired },
      text: retired.length === 0 ? 'there was none' : `retired ${retired.join(', ')}`,
    };
  },
};

/** `windlass keys …` */
export const KEYS_COMMANDS: CommandGroup = {
  name: 'keys',
  summary: 'The keys that secrets are sealed and stored under',
  commands: [list, rotate, retire],
};

async function openWorkerStores({
  databaseUrl,
  insecureDatabase,
}: Pick<Config, 'databaseUrl' | 'insecureDatabase'>) {
  if (databaseUrl === null) {
    throw new WindlassError('invalid-input', 'DATABASE_URL is not set', {
      code: 'CONFIG_INVALID',
      hint: 'run this with the environment of a worker',
      field: 'DATABASE_URL',
    });
  }
  const { openStores } = await import('../../db/index.ts');
  return openStores({ databaseUrl, insecureDatabase });
}
