import { randomUUID } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { SSH_PORT } from '../cloud/addresses.ts';
import { hasErrno, readJson, writeJson } from '../cloud/files.ts';
import {
  type BootFailure,
  type InstanceFiles,
  type InstanceRecord,
  locateInstance,
  type MachineRecord,
} from '../cloud/instance-files.ts';
import type { UserData } from '../cloud/local-cloud.ts';
import { findStartTime, isAlive } from '../cloud/process-identity.ts';
import { createSshServer } from './ssh-server.ts';
import { createRange } from './tunnels.ts';

// The machine of an instance: `node main.ts <instance folder>`. It runs until it is killed. If several are
// started for one instance, the one that binds the address stays.

const ADDRESS_ATTEMPTS = 20;

async function runMachine(folder: string): Promise<void> {
  const files = locateInstance(folder);
  const record = await readJson<InstanceRecord>(files.record);
  const userData = await readJson<UserData>(files.userData);
  if (record === null || userData === null || record.wanted !== 'running') return;

  const bootId = randomUUID();
  const address = await readlink(files.address);
  const acceptSsh = createSshServer({
    hostPrivateKey: userData.hostPrivateKey,
    authorizedKey: userData.authorizedKey,
    root: files.root,
    ...(userData.leadsTo === undefined
      ? {}
      : { tunnels: { from: address, leadsTo: createRange(userData.leadsTo) } }),
    environment: {
      ...process.env,
      HOSTNAME: record.hostname,
      WINDLASS_ROOT: files.root,
      WINDLASS_BOOT_ID: bootId,
      WINDLASS_ADDRESS: address,
    },
  });
  let accept = (socket: Socket): void => {
    socket.destroy();
  };
  const letsIn = userData.letsIn === undefined ? () => true : createRange(userData.letsIn);
  const server = await listen(address, (socket) => {
    if (letsIn(socket.remoteAddress)) accept(socket);
    else socket.destroy();
  });
  if (server === null) {
    await explainTakenAddress(files, address);
    return;
  }
  if (!(await isStillWanted(files))) {
    server.close();
    return;
  }
  const machine: MachineRecord = {
    pid: process.pid,
    startedAt: (await findStartTime(process.pid)) ?? '',
    state: 'booting',
    bootId,
    wantedAt: record.wantedAt,
  };
  await writeJson(files.machine, machine);
  await sleep(record.bootDelayMs);
  accept = acceptSsh;
  await writeJson(files.machine, { ...machine, state: 'running' } satisfies MachineRecord);
}

/** A stop is written first and the machine is killed then: one of the two ends every machine. */
async function isStillWanted(files: InstanceFiles): Promise<boolean> {
  return (await readJson<InstanceRecord>(files.record))?.wanted === 'running';
}

function listen(address: string, onSocket: (socket: Socket) => void): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer(onSocket);
    server.once('error', (error) => {
      if (hasErrno(error, 'EADDRINUSE')) resolve(null);
      else reject(error);
    });
    server.listen(SSH_PORT, address, () => {
      resolve(server);
    });
  });
}

/**
 * Another machine of this instance that has the address is fine; any other program there is a failed boot.
 */
async function explainTakenAddress(files: InstanceFiles, address: string): Promise<void> {
  for (let attempt = 0; attempt < ADDRESS_ATTEMPTS; attempt += 1) {
    const sibling = await readJson<MachineRecord>(files.machine);
    if (sibling !== null && (await isAlive(sibling))) return;
    await sleep(100);
  }
  const message = `port ${SSH_PORT} of ${address} is used by another program`;
  await writeJson(files.bootFailure, { message } satisfies BootFailure);
}

// Files that packages create in a machine get the modes that they would get on any other machine.
process.umask(0o022);
// A machine writes its failure where the provider reads it, because it has no terminal.
const [, , instanceFolder = ''] = process.argv;
try {
  await runMachine(instanceFolder);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  await writeJson(locateInstance(instanceFolder).bootFailure, { message } satisfies BootFailure);
  process.exitCode = 1;
}
