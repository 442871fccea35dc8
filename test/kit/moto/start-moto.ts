import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { findPythonEnvironment, NO_PYTHON } from '../python-environment.ts';
import type { MadeResource, MotoEvent, MotoRequest, MotoSettings, MotoResources } from './settings.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const REQUIREMENTS = fileURLToPath(new URL('requirements.txt', import.meta.url));
const START_LIMIT_MS = 60_000;

/** moto, corrected to behave like AWS, on a free port of loopback. */
export interface Moto {
  /** Endpoint of every service. */
  readonly url: string;
  /** Its account. */
  readonly account: string;
  change(settings: MotoSettings): Promise<void>;
  /** Completes all pending state changes at once: a test that examines them must not call it. */
  hurry(): Promise<void>;
  /** Every request so far, in the order of their answers. */
  requests(): Promise<readonly MotoRequest[]>;
  forgetRequests(): Promise<void>;
  resources(): Promise<MotoResources>;
  /** Every instance and volume that was ever created, in order; root disks are left out. */
  made(): Promise<readonly MadeResource[]>;
  /** Terminates an instance as a user of the console would; no request is logged. */
  destroyInstance(instanceId: string): Promise<void>;
  /** A user with one IAM policy; its keys count when `authentication` is on. */
  createUser(name: string, policy: object): Promise<{ accessKeyId: string; secretAccessKey: string }>;
  /** Replaces the policy of a user. */
  changePolicy(name: string, policy: object): Promise<void>;
  /** A role that the principals of `trust` may assume. */
  createRole(name: string, trust: object, policy: object): Promise<{ roleArn: string }>;
  /** Calls `listener` with every event from now on, in order. Returns a function that stops it. */
  onEvent(listener: (event: MotoEvent) => void): () => void;
  /** Empties the cloud; settings and users stay. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** A policy that allows everything. */
export const ALLOW_ALL = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
} as const;

/**
 * Installs moto where it is not installed yet, which may take minutes. For a hook, where `startMoto` is called in a
 * test: the limit of a test does not count an installation then.
 *
 * @throws as startMoto
 */
export async function installMoto(): Promise<string> {
  const python = await findPythonEnvironment({ name: 'moto', requirements: REQUIREMENTS });
  if (python === null) throw new Error(`${NO_PYTHON}: moto cannot be started`);
  return python;
}

/**
 * Starts moto with its corrections. It ends with this process, however that ends.
 *
 * @throws Error with its output when it does not start; one that begins with NO_PYTHON if there is no
 * Python.
 */
export async function startMoto(settings: MotoSettings = {}): Promise<Moto> {
  const python = await installMoto();
  const server = spawn(python, ['-m', 'honest', JSON.stringify(settings)], {
    cwd: FOLDER,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
  });
  const errors: string[] = [];
  server.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text));
  // Its pipe breaks when it dies; the test notices at its next request.
  server.stdin.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => server.once('close', () => resolve()));
  const listeners = new Set<(event: MotoEvent) => void>();
  const ready = Promise.withResolvers<number>();
  createInterface({ input: server.stdout }).on('line', (line) => {
    const event = JSON.parse(line) as MotoEvent | { readonly event: 'ready'; readonly port: number };
    if (event.event === 'ready') ready.resolve(event.port);
    else for (const listener of listeners) listener(event);
  });
  void ended.then(() => ready.reject(new Error(`moto ended before it was ready:\n${errors.join('')}`)));
  const timer = setTimeout(() => ready.reject(new Error('moto did not start in time')), START_LIMIT_MS);
  const stop = async (): Promise<void> => {
    server.stdin.end();
    await ended;
  };
  let port: number;
  try {
    port = await ready.promise;
  } catch (error) {
    server.kill('SIGKILL');
    await ended;
    throw error;
  } finally {
    clearTimeout(timer);
  }

  const url = `http://127.0.0.1:${port}`;
  async function tell<T>(name: string, body: object = {}): Promise<T> {
    const answer = await fetch(`${url}/kit/${name}`, { method: 'POST', body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`moto refused ${name}: ${await answer.text()}\n${errors.join('')}`);
    return (await answer.json()) as T;
  }

  return {
    url,
    account: '123456789012',
    change: async (changed) => {
      await tell('settings', changed);
    },
    hurry: async () => {
      await tell('hurry');
    },
    requests: () => tell('requests'),
    forgetRequests: async () => {
      await tell('forget-requests');
    },
    resources: () => tell('resources'),
    made: () => tell('made'),
    destroyInstance: async (instanceId) => {
      await tell('destroy', { instanceId });
    },
    createUser: (name, policy) => tell('user', { name, policy }),
    changePolicy: async (name, policy) => {
      await tell('policy', { name, policy });
    },
    createRole: (name, trust, policy) => tell('role', { name, trust, policy }),
    onEvent(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    reset: async () => {
      await tell('reset');
    },
    close: stop,
  };
}
