export { HelmYamlError, readHelmYaml, type JsonObject, type JsonValue } from './read-helm-yaml.ts';
export { splitDocuments, type YamlPart } from './split-documents.ts';
export { toNumbers, writeHelmJson } from './json.ts';
