import { WindlassError } from '../../domain/index.ts';
import type { Command, CommandGroup } from '../command.ts';
import { describeServer } from '../render/server.ts';
import { renderTable } from '../render/table.ts';

// Contexts are the profiles of temporal.toml, so that Temporal's own tools know them too. None of these
// commands connects to a server.

const show: Command = {
  name: 'show',
  summary: 'Which server the commands act on, and what names it; connects to none',
  async run(_input, { io }) {
    const { findHomeFolder, loadClientConnection } = await import('../../config/index.ts');
    const { address, namespace, from } = loadClientConnection(io.env);
    const value = { address, namespace, from, home: findHomeFolder(io.env) };
    return { value, text: describeServer(value) };
  },
};

const list: Command = {
  name: 'list',
  summary: 'The profiles of temporal.toml, and the stack of this WINDLASS_HOME while it runs',
  async run(_input, { io }) {
    const { findHomeFolder, listTemporalProfiles, loadClientConnection, readOwnStack } =
      await import('../../config/index.ts');
    const current = loadClientConnection(io.env);
    const home = findHomeFolder(io.env);
    const stack = readOwnStack(home);
    const profiles = listTemporalProfiles(io.env).map((profile) => ({
      ...profile,
      current: current.profile === profile.name,
    }));
    const stacks =
      stack === null
        ? []
        : [
            {
              name: '',
              address: stack.address,
              namespace: stack.namespace,
              current: current.clusterId !== null,
            },
          ];
    const rows = [...stacks, ...profiles].map(({ name, address, namespace, current: isCurrent }) => [
      isCurrent ? '*' : '',
      name === '' ? `(the stack of ${home})` : name,
      address,
      namespace,
    ]);
    const text =
      rows.length === 0
        ? 'there is no profile, and no stack is running'
        : renderTable(['', 'NAME', 'ADDRESS', 'NAMESPACE'], rows);
    return { value: [...stacks, ...profiles], text };
  },
};

const use: Command = {
  name: 'use',
  summary: 'Choose a profile of temporal.toml for all later commands; without a name, choose none',
  arguments: [
    {
      name: 'profile',
      description: 'name of a profile; absent: the stack of this WINDLASS_HOME, else the default address',
      optional: true,
    },
  ],
  examples: ['windlass context use production', 'windlass context use'],
  async run({ arguments: [profile] }, { io }) {
    const { findHomeFolder, listTemporalProfiles, loadClientConnection, writeChosenProfile } =
      await import('../../config/index.ts');
    const known = listTemporalProfiles(io.env).map(({ name }) => name);
    if (profile !== undefined && !known.includes(profile)) {
      throw new WindlassError('not-found', `temporal.toml has no profile ${JSON.stringify(profile)}`, {
        code: 'PROFILE_NOT_FOUND',
        field: 'profile',
        hint:
          known.length === 0
            ? 'write one into temporal.toml: [profile.NAME] with address and namespace'
            : `available: ${known.join(', ')}`,
      });
    }
    writeChosenProfile(findHomeFolder(io.env), profile ?? null);
    const { address, namespace, from } = loadClientConnection(io.env);
    const value = { address, namespace, from };
    return { value, text: `commands act on ${describeServer(value)}` };
  },
};

/** `windlass context …` */
export const CONTEXT_COMMANDS: CommandGroup = {
  name: 'context',
  summary: 'Which server the commands act on',
  commands: [show, list, use],
};
