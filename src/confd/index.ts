export { escapeForYaml, flattenTree, type OpenTree } from './flatten.ts';
export {
  CONFD_FOLDER,
  readConfdFiles,
  type ConfdFiles,
  type ConfdTemplate,
  type FileFault,
} from './package-files.ts';
export { renderFiles, type RenderedFile } from './render.ts';
export type { ConfdResource } from './resource.ts';
export {
  renderCheckCommand,
  renderTemplateText,
  type RenderResult,
  type TextFault,
} from './template-text.ts';
