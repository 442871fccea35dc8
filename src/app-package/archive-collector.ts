import { WindlassError, type PackageFile } from '../domain/index.ts';
import {
  checkFileCount,
  checkPath,
  isIgnoredName,
  toPackageMode,
  wrongLink,
  wrongPath,
} from './file-rules.ts';
import { checkPackageSize } from './pack-content.ts';

// Also counts entries that are left out, so that reading ends whatever an archive contains.
const MAX_EXPANDED_BYTES = 100_000_000;
const MAX_ENTRIES = 20_000;
// Text compresses to a tenth or a twentieth; an archive that compresses further was built to do so.
const MAX_RATIO = 200;
const RATIO_COUNTS_FROM_BYTES = 1_000_000;
const MAX_LINKS_IN_A_ROW = 40;

/** The header of an archive entry, before its content is read. */
export interface EntryHeader {
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'symbolic-link' | 'hard-link' | 'other';
  /** Unix permission bits. */
  readonly mode: number;
}

/** Takes the entries of one archive, whatever its format, and turns them into the files of a package. */
export interface ArchiveCollector {
  /**
   * Adds an entry. `read` yields its content; for a symbolic link `target` is where it points. An entry
   * that is refused or left out is not read, so that callers must skip it.
   *
   * @throws invalid-input `PACKAGE_PATH`, `PACKAGE_ENTRY`, `PACKAGE_TOO_LARGE`, `PACKAGE_TOO_MANY_FILES`,
   * `PACKAGE_EXPANDS`.
   */
  add(
    header: EntryHeader,
    source: { readonly content: AsyncIterable<Uint8Array>; readonly target?: string },
  ): Promise<void>;
  /**
   * The files; links are replaced by their targets, and a folder that wraps everything is removed.
   *
   * @throws invalid-input `PACKAGE_LINK`, `PACKAGE_PATH`, `PACKAGE_TOO_LARGE`.
   */
  finish(): PackageFile[];
}

export function createArchiveCollector(archiveBytes: number): ArchiveCollector {
  const files = new Map<string, PackageFile>();
  const links = new Map<string, { readonly target: string }>();
  let entries = 0;
  let expandedBytes = 0;
  let keptBytes = 0;

  const countExpanded = (bytes: number): void => {
    expandedBytes += bytes;
    if (expandedBytes > MAX_EXPANDED_BYTES) {
      throw expands(`to more than ${MAX_EXPANDED_BYTES / 1_000_000} MB`);
    }
    if (expandedBytes > RATIO_COUNTS_FROM_BYTES && expandedBytes > archiveBytes * MAX_RATIO) {
      throw expands(`to more than ${MAX_RATIO} times its size`);
    }
  };

  const readContent = async (content: AsyncIterable<Uint8Array>, keep: boolean): Promise<Uint8Array> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of content) {
      countExpanded(chunk.byteLength);
      if (!keep) continue;
      keptBytes += chunk.byteLength;
      checkPackageSize(keptBytes);
      chunks.push(chunk);
    }
    return new Uint8Array(Buffer.concat(chunks));
  };

  const refuseSecond = (path: string): void => {
    if (files.has(path) || links.has(path)) throw wrongPath(path, 'occurs twice');
    checkFileCount(files.size + links.size + 1);
  };

  let folders: ReadonlySet<string> | undefined;
  const isFolder = (path: string): boolean => {
    folders ??= new Set([...files.keys()].flatMap(foldersOf));
    return path === '' || folders.has(path);
  };

  return {
    async add(header, { content, target }) {
      entries += 1;
      if (entries > MAX_ENTRIES) throw expands(`to more than ${MAX_ENTRIES} entries`);
      const path = toInnerPath(header.path);
      const ignored = path.split('/').some(isIgnoredName);
      if (ignored || path === '' || header.kind === 'folder') {
        await readContent(content, false);
        return;
      }
      switch (header.kind) {
        case 'file': {
          refuseSecond(path);
          files.set(path, {
            path,
            content: await readContent(content, true),
            mode: toPackageMode(header.mode),
          });
          return;
        }
        case 'symbolic-link':
          refuseSecond(path);
          links.set(path, { target: resolveTarget(path, target ?? '', folderOf(path)) });
          return;
        case 'hard-link':
          refuseSecond(path);
          links.set(path, { target: resolveTarget(path, target ?? '', []) });
          return;
        default:
          throw new WindlassError('invalid-input', `${path} is neither file, folder nor link`, {
            code: 'PACKAGE_ENTRY',
            hint: 'a package may not contain devices, pipes or sockets',
            field: path,
          });
      }
    },

    finish() {
      const whole = [...files.values()];
      for (const path of links.keys()) {
        const file = followLinks(path, { files, links, isFolder });
        keptBytes += file.content.byteLength;
        checkPackageSize(keptBytes);
        whole.push({ ...file, path });
      }
      refuseFoldersThatAreFiles(whole);
      return unwrap(whole);
    },
  };
}

/** @throws invalid-input `PACKAGE_PATH` for a path that would leave the folder into which it is unpacked. */
function toInnerPath(path: string): string {
  checkPath(path);
  if (/^[/\\]|^[A-Za-z]:/.test(path)) throw wrongPath(path, 'is absolute');
  if (/[\0\\]/.test(path)) throw wrongPath(path, 'has a character that is not allowed in a path');
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw wrongPath(path, 'leads out of the package');
  return parts.join('/');
}

function folderOf(path: string): readonly string[] {
  return path.split('/').slice(0, -1);
}

/** The target of a link, relative to the top of the archive. */
function resolveTarget(path: string, target: string, from: readonly string[]): string {
  if (target === '') throw wrongLink(path, 'leads nowhere');
  if (/^[/\\]|^[A-Za-z]:/.test(target)) throw wrongLink(path, 'leads out of the package');
  const parts = [...from];
  for (const part of target.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) throw wrongLink(path, 'leads out of the package');
  }
  return parts.join('/');
}

function followLinks(
  path: string,
  {
    files,
    links,
    isFolder,
  }: {
    readonly files: ReadonlyMap<string, PackageFile>;
    readonly links: ReadonlyMap<string, { readonly target: string }>;
    readonly isFolder: (path: string) => boolean;
  },
): PackageFile {
  let place = path;
  for (let count = 0; count < MAX_LINKS_IN_A_ROW; count += 1) {
    const file = files.get(place);
    if (file !== undefined) return file;
    const link = links.get(place);
    if (link === undefined) {
      throw wrongLink(path, isFolder(place) ? 'leads to a folder' : 'leads to nothing in the package');
    }
    place = link.target;
  }
  throw wrongLink(path, 'leads round in a circle');
}

function foldersOf(path: string): string[] {
  const folders: string[] = [];
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    folders.push(path.slice(0, end));
  }
  return folders;
}

function refuseFoldersThatAreFiles(files: readonly PackageFile[]): void {
  const paths = new Set(files.map((file) => file.path));
  for (const { path } of files) {
    const both = foldersOf(path).find((folder) => paths.has(folder));
    if (both !== undefined) throw wrongPath(both, 'is a file and a folder');
  }
}

// The files at the top of a package, for either format.
const TOP_FILES: ReadonlySet<string> = new Set([
  'config.json',
  'cluster.json.mustache',
  'cluster.json.tmpl',
  'package.json',
  'Chart.yaml',
]);

/** Some archives hold the package's files, others the folder that holds them. */
function unwrap(files: readonly PackageFile[]): PackageFile[] {
  const top = files[0]?.path.split('/')[0] ?? '';
  const wrapped =
    files.every((file) => file.path.startsWith(`${top}/`)) && !files.some((file) => TOP_FILES.has(file.path));
  if (files.length === 0 || !wrapped) return [...files];
  return unwrap(files.map((file) => ({ ...file, path: file.path.slice(top.length + 1) })));
}

function expands(how: string): WindlassError {
  return new WindlassError('invalid-input', `the archive expands ${how}, the most that is unpacked`, {
    code: 'PACKAGE_EXPANDS',
    hint: 'put large files into the machine image, or let the init service fetch them',
  });
}
