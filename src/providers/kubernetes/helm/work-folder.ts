import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PackageFile } from '../../../domain/index.ts';
import { makeTemporaryFolder, sweepTemporaryFolders } from '../../../tools/index.ts';
import type { PostRenderInput } from './post-render.ts';
import type { HelmProgram } from './run-helm.ts';

/** A folder that only this user can read, with the files of one run of helm; removed afterwards. */
export interface WorkFolder {
  readonly path: string;
  /** The environment of helm: nothing of this process's environment except what helm needs. */
  readonly env: Readonly<Record<string, string>>;
  writeChart(files: readonly PackageFile[]): Promise<string>;
  /** Values are given in a file, never on the command line. */
  writeValues(values: unknown): Promise<string>;
  /** JSON is YAML: a kubeconfig. */
  writeKubeconfig(config: unknown): Promise<string>;
  /** The arguments that make helm pass every manifest through `post-render`. */
  writePostRenderer(program: HelmProgram, input: PostRenderInput): Promise<readonly string[]>;
}

const PASSED_ON = ['PATH', 'HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY', 'https_proxy', 'http_proxy', 'no_proxy'];
const PLUGIN = 'windlass';

/** Part of the names of these folders. */
const PURPOSE = 'helm';

/** Removes folders that killed workers of this user have left; they may hold credentials. */
export function sweepWorkFolders(): void {
  sweepTemporaryFolders(PURPOSE);
}

/**
 * Runs `body` with a folder of its own, and removes the folder however that ends, except when this process
 * dies.
 */
export async function withWorkFolder<T>(body: (folder: WorkFolder) => Promise<T>): Promise<T> {
  const path = await makeTemporaryFolder(PURPOSE);
  try {
    return await body(createWorkFolder(path));
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

function createWorkFolder(path: string): WorkFolder {
  const inherited = PASSED_ON.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const env = {
    ...Object.fromEntries(inherited),
    HOME: path,
    // Helm settings of the machine's user must have no effect.
    HELM_CACHE_HOME: join(path, 'helm', 'cache'),
    HELM_CONFIG_HOME: join(path, 'helm', 'config'),
    HELM_DATA_HOME: join(path, 'helm', 'data'),
    HELM_PLUGINS: join(path, 'plugins'),
    HELM_DRIVER: 'secret',
    KUBECONFIG: join(path, 'kubeconfig'),
    // It ends within a second or two; garbage collection before the memory is needed takes a quarter of
    // its time.
    GOGC: 'off',
    GOMEMLIMIT: '256MiB',
  };
  const writeSecret = async (name: string, content: string): Promise<string> => {
    const file = join(path, name);
    await writeFile(file, content, { mode: 0o600 });
    return file;
  };
  return {
    path,
    env,
    async writeChart(files) {
      const folder = join(path, 'chart');
      const folders = new Set(files.map((file) => dirname(join(folder, file.path))));
      for (const one of folders) await mkdir(one, { recursive: true, mode: 0o700 });
      await Promise.all(
        files.map((file) => writeFile(join(folder, file.path), file.content, { mode: 0o600 })),
      );
      return folder;
    },
    writeValues: (values) => writeSecret('values.json', JSON.stringify(values)),
    writeKubeconfig: (config) => writeSecret('kubeconfig', JSON.stringify(config)),
    async writePostRenderer(program, input) {
      const file = await writeSecret('post-render.json', JSON.stringify(input));
      const script = fileURLToPath(
        new URL(`./post-render.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
      );
      if (program.major === 3) {
        return [
          '--post-renderer',
          process.execPath,
          '--post-renderer-args',
          script,
          '--post-renderer-args',
          file,
        ];
      }
      const plugin = join(path, 'plugins', PLUGIN);
      await mkdir(plugin, { recursive: true, mode: 0o700 });
      // A link, because helm 4 splits a plugin's command at spaces, and Node's path may contain some.
      await symlink(process.execPath, join(plugin, 'node'));
      await writeFile(
        join(plugin, 'plugin.yaml'),
        JSON.stringify({
          apiVersion: 'v1',
          type: 'postrenderer/v1',
          name: PLUGIN,
          version: '1.0.0',
          runtime: 'subprocess',
          runtimeConfig: { platformCommand: [{ command: '${HELM_PLUGIN_DIR}/node', args: [script, file] }] },
        }),
      );
      return ['--post-renderer', PLUGIN];
    },
  };
}
