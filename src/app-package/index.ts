export { toChoiceText } from './check-form-value.ts';
export {
  applySettings,
  checkGivenConf,
  createConfError,
  explainAnswer,
  listMissing,
  mapPasswords,
  passwordKeys,
  setConfValue,
  validateConf,
  readGivenName,
} from './conf.ts';
export { warnOfLikePaths } from './file-rules.ts';
export { describeLimits } from './describe-item.ts';
export { listEndpoints, resolveEndpointPort } from './endpoints.ts';
export { describeForm, dottedKey, listFormValues, type Form, type FormItem } from './form.ts';
export { listLinkedClusters, mayLinkTo, type LinkedApp } from './linked-clusters.ts';
export { confdNodeFiles, nodeFiles } from './node-files.ts';
export { digestContent, packContent, unpackContent, versionIdOf } from './pack-content.ts';
export { readPackageIdentity, type PackageIdentity } from './package-identity.ts';
export { parseClusterConf, type ClusterConfRequest } from './parse-cluster-conf.ts';
export { parseForm } from './parse-form.ts';
export { parseJson, type JsonFault, type JsonResult } from './parse-json.ts';
export {
  createPackageError,
  createProblemReport,
  formatProblem,
  type PackageProblem,
  type ProblemReport,
} from './problems.ts';
export { isChartReference, isPackagePath, packageNameOf, readPackage } from './read-package.ts';
export { readPackageArchive } from './read-package-archive.ts';
export { readPackageFolder } from './read-package-folder.ts';
export { findPlaceholders, renderTemplate, type Template, type TemplateSyntax } from './template.ts';
export { validatePackage, type PackageValidation } from './validate-package.ts';
export { buildDefaultConf, writeConf } from './write-conf.ts';
