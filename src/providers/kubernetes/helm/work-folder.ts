import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PackageFile } from '../../../domain/index.ts';
import { makeTemporaryFolder, sweepTemporaryFolders } from '../../../tools/index.ts';
import type { PostRenderInput } from './post-render.ts';
import type { HelmProgram } from './run-helm.ts';

/** A folder that only this user can read, with what one run of helm needs; removed afterwards. */
export interface WorkFolder {
  readonly path: string;
  /** What helm is started with: nothing of this process's environment but what it needs. */
  readonly env: Readonly<Record<string, string>>;
  writeChart(files: readonly PackageFile[]): Promise<string>;
  /** Values by file, never by command line. */
  writeValues(values: unknown): Promise<string>;
  /** JSON is YAML: a kubeconfig. */
  writeKubeconfig(config: unknown): Promise<string>;
  /** What makes helm pass every manifest through `post-render`, as arguments. */
  writePostRenderer(program: HelmProgram, input: PostRenderInput): Promise<readonly string[]>;
}

const PASSED_ON = ['PATH', 'HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY', 'https_proxy', 'http_proxy', 'no_proxy'];
const PLUGIN = 'windlass';

/** In the names of these folders. */
const PURPOSE = 'helm';

/** Removes what killed workers of this user have left; credentials may be in it. */
export function sweepWorkFolders(): void {
  sweepTemporaryFolders(PURPOSE);
}

/** Runs `body` with a folder of its own, and removes it however that ends, but for the death of this process. */
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
    // Whatever the machine's user has set up for helm is not for us.
    HELM_CACHE_HOME: join(path, 'helm', 'cache'),
    HELM_CONFIG_HOME: join(path, 'helm', 'config'),
    HELM_DATA_HOME: join(path, 'helm', 'data'),
    HELM_PLUGINS: join(path, 'plugins'),
    HELM_DRIVER: 'secret',
    KUBECONFIG: join(path, 'kubeconfig'),
    // It ends within a second or two: collecting garbage before it needs the memory is a quarter of its work.
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
      // A link, because helm 4 cuts a plugin's command at spaces, and Node's path may hold some.
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
