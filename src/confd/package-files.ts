import type { PackageFile } from '../domain/index.ts';
import { readResource, type ConfdResource } from './resource.ts';
import { findTemplateFaults, type TextFault } from './template-text.ts';

/** The folder of a package that holds confd's files, in confd's own layout. */
export const CONFD_FOLDER = 'node/etc/confd/';
const RESOURCES_FOLDER = `${CONFD_FOLDER}conf.d/`;
const TEMPLATES_FOLDER = `${CONFD_FOLDER}templates/`;
/** A larger template is refused. */
const MAX_TEMPLATE_BYTES = 1_000_000;

/** A resource with its template. */
export interface ConfdTemplate {
  readonly resource: ConfdResource;
  /** The path of the template in the package. */
  readonly file: string;
  readonly text: string;
}

/** An error or a warning about a file of the package. */
export interface FileFault extends TextFault {
  readonly file: string;
}

export interface ConfdFiles {
  /** In the order in which confd processes them. */
  readonly templates: readonly ConfdTemplate[];
  readonly errors: readonly FileFault[];
  readonly warnings: readonly FileFault[];
}

/** Reads all files of a package for confd. Never throws: faults are listed with their positions. */
export function readConfdFiles(files: readonly PackageFile[]): ConfdFiles {
  const templates: ConfdTemplate[] = [];
  const errors: FileFault[] = [];
  const warnings: FileFault[] = [];
  const sources = files.filter(({ path }) => path.startsWith(TEMPLATES_FOLDER));
  for (const file of listResources(files)) {
    const read = readResource(decode(file));
    errors.push(...read.errors.map((fault) => ({ file: file.path, ...fault })));
    warnings.push(...read.warnings.map((fault) => ({ file: file.path, ...fault })));
    if (read.resource === null) continue;
    const path = TEMPLATES_FOLDER + read.resource.src;
    const source = sources.find((candidate) => candidate.path === path);
    if (source === undefined) {
      errors.push({ file: file.path, line: 1, column: 1, message: `its template ${path} is missing` });
    } else {
      templates.push({ resource: read.resource, file: path, text: decode(source) });
    }
  }
  for (const source of sources) errors.push(...checkSource(source));
  warnings.push(...listUnused(sources, templates));
  return { templates, errors, warnings };
}

/**
 * Every file below conf.d whose name ends with `toml`, folder by folder, in the order in which confd finds
 * them.
 */
function listResources(files: readonly PackageFile[]): readonly PackageFile[] {
  return files
    .filter(({ path }) => path.startsWith(RESOURCES_FOLDER) && path.endsWith('toml'))
    .toSorted((a, b) => compareParts(a.path.split('/'), b.path.split('/')));
}

function compareParts(a: readonly string[], b: readonly string[]): number {
  for (const [index, part] of a.entries()) {
    const other = b[index];
    if (other === undefined) return 1;
    if (part !== other) return part < other ? -1 : 1;
  }
  return a.length - b.length;
}

function checkSource(source: PackageFile): readonly FileFault[] {
  if (source.content.length > MAX_TEMPLATE_BYTES) {
    const message = `is larger than ${MAX_TEMPLATE_BYTES} bytes`;
    return [{ file: source.path, line: 1, column: 1, message }];
  }
  return findTemplateFaults(decode(source)).map((fault) => ({ file: source.path, ...fault }));
}

function listUnused(
  sources: readonly PackageFile[],
  templates: readonly ConfdTemplate[],
): readonly FileFault[] {
  const used = new Set(templates.map(({ file }) => file));
  return sources
    .filter(({ path }) => !used.has(path))
    .map(({ path }) => ({ file: path, line: 1, column: 1, message: 'no resource of conf.d renders it' }));
}

function decode(file: PackageFile): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(file.content);
}
