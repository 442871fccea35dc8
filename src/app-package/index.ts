export { mapPasswords, passwordKeys, setConfValue, validateConf, valueAt } from './conf.ts';
export { listEndpoints, resolveEndpointPort } from './endpoints.ts';
export {
  describeForm,
  dottedKey,
  findFormItem,
  listFormValues,
  FORM_TYPES,
  type Form,
  type FormItem,
  type FormType,
} from './form.ts';
export { APP_FOLDER, nodeFiles } from './node-files.ts';
export { nodeIdOf, replicaRole } from './node-identity.ts';
export { digestContent, packContent, unpackContent, versionIdOf } from './pack-content.ts';
export { readPackageIdentity, type PackageIdentity } from './package-identity.ts';
export { parseClusterConf, type ClusterConfRequest } from './parse-cluster-conf.ts';
export { parseForm } from './parse-form.ts';
export { parseJson, type JsonFault, type JsonResult } from './parse-json.ts';
export { createPackageError, formatProblem, type PackageProblem } from './problems.ts';
export { readPackageFolder } from './read-package-folder.ts';
export { findPlaceholders, renderTemplate, type Template, type TemplateSyntax } from './template.ts';
export { validatePackage, type PackageValidation } from './validate-package.ts';
