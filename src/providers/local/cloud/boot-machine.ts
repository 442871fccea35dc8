import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { contain, type ContainmentKind, prepareContainment } from './containment.ts';
import { writeJson } from './files.ts';
import type { InstanceFiles } from './instance-files.ts';
import { INSTANCE_MARKER, CLOUD_MARKER } from './marked-processes.ts';

/** The same file as source and as built; only its extension differs. */
const MACHINE_ENDING = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const MACHINE_FILE = fileURLToPath(new URL(`../machine/main.${MACHINE_ENDING}`, import.meta.url));

/** Variables of the worker that a machine may see; the others may hold the worker's secrets. */
const PASSED_ON = [
  ...['PATH', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'USER', 'LOGNAME'],
  // The network settings of this machine: packages need them to install their software.
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'],
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS', 'NPM_CONFIG_USERCONFIG', 'NPM_CONFIG_REGISTRY'],
];

/**
 * Starts a machine that outlives this process, in the strongest containment that exists, and records
 * which. If two are started at the same time, the one that binds the address stays.
 */
export async function bootMachine(
  files: InstanceFiles,
  cloudFolder: string,
  instanceId: string,
  strongest: ContainmentKind,
): Promise<void> {
  const log = await open(files.log, 'a', 0o600);
  const containment = prepareContainment(cloudFolder, instanceId, strongest);
  await writeJson(files.containment, containment, 0o600);
  const { command, args, env } = contain(containment, [process.execPath, MACHINE_FILE, files.folder]);
  try {
    const environment = Object.fromEntries(
      PASSED_ON.flatMap((name) => {
        const value = process.env[name];
        return value === undefined ? [] : [[name, value]];
      }),
    );
    const machine = spawn(command, args, {
      cwd: files.folder,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: {
        ...environment,
        NODE_NO_WARNINGS: '1',
        HOME: files.root,
        [INSTANCE_MARKER]: instanceId,
        [CLOUD_MARKER]: cloudFolder,
        ...env,
      },
    });
    await new Promise<void>((resolve, reject) => {
      machine.once('spawn', resolve);
      machine.once('error', reject);
    });
    machine.unref();
  } finally {
    await log.close();
  }
}
