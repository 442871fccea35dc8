import type {
  ClusterFacts,
  Conf,
  ErrorDetail,
  JobAction,
  PackageContent,
  ParsedCluster,
  Runtime,
} from '../domain/index.ts';
import { findClusterFaults, toRoleSpec } from './role-spec.ts';
import type { PackageCluster } from './package-cluster.ts';
import { createConfError, passwordKeys, validateConf, valueAt } from './conf.ts';
import { createFieldNamer } from './field-namer.ts';
import { findFormItem, type Form } from './form.ts';
import { readPackageIdentity } from './package-identity.ts';
import { parseJson } from './parse-json.ts';
import { createPackageError, createProblemReport } from './problems.ts';
import { readClusterSpec } from './read-cluster-spec.ts';
import { refuseFixedChanges } from './refuse-fixed-changes.ts';
import { renderTemplate, type Template } from './template.ts';
import { isSealedValue, isSecretReference } from './values.ts';
import { checkPackage } from './validate-package.ts';

/** The input of a cluster's parse; the same shape as the provider contract's request. */
export interface ClusterConfRequest {
  readonly content: PackageContent;
  readonly runtime: Runtime;
  /** Passwords in it are SecretReferences. */
  readonly conf: Conf;
  /** Set if a stored cluster is changed, not created. */
  readonly change?: {
    readonly action: JobAction;
    readonly options: { readonly conf?: Conf };
    readonly cluster: { readonly cluster: Pick<ClusterFacts, 'conf'> };
  };
}

/**
 * Package and conf → the desired state of the cluster. Pure: the same request gives the same specs. No
 * part of the result is a password.
 *
 * @throws invalid-input `APP_INVALID` if the package itself is wrong, `CONF_INVALID` if the conf is, each
 * fault naming its dotted key in `details`.
 */
export function parseClusterConf(request: ClusterConfRequest): ParsedCluster {
  const { content, runtime } = request;
  const { form, template } = readCheckedPackage(content);
  const conf = validateConf(form, request.conf);
  if (request.change !== undefined) {
    const { action, options, cluster: stored } = request.change;
    refuseFixedChanges(form, { action, given: options.conf ?? {}, before: stored.cluster.conf });
  }
  refuseBarePasswords(form, conf);
  const spec = readSpec(template, conf);
  const { name, subnetId, reservedIps, roles, links, ...cluster } = spec;
  return {
    place: {
      name: name === '' ? readPackageIdentity(content.files).appName : name,
      subnetId: subnetId === '' ? (runtime.settings['subnet'] ?? '') : subnetId,
      reservedIps,
    },
    cluster,
    roles: roles.map(toRoleSpec),
    links,
  };
}

function readCheckedPackage(content: PackageContent): { readonly form: Form; readonly template: Template } {
  const report = createProblemReport();
  const { form, template } = checkPackage(content.files, report);
  if (report.errors.length > 0 || template === null) throw createPackageError(report.errors);
  return { form, template };
}

/** A password that is not a reference would be stored and shown like any other value. */
function refuseBarePasswords(form: Form, conf: Conf): void {
  const faults = passwordKeys(form, conf)
    .filter((key) => {
      const value = valueAt(conf, findFormItem(form, key)?.path ?? []);
      return !isSecretReference(value) || isSealedValue(value);
    })
    .map((key): ErrorDetail => ({
      field: key,
      message: 'is a password and must arrive as a reference to a secret',
    }));
  if (faults.length > 0) throw createConfError(faults);
}

function readSpec(template: Template, conf: Conf): PackageCluster {
  const nameField = createFieldNamer(template);
  const parsed = parseJson(renderTemplate(template, conf).text);
  const report = createProblemReport();
  const spec = 'fault' in parsed ? null : readClusterSpec(parsed.value, template.file, report);
  const faults = report.errors.map(({ field, message }): ErrorDetail => {
    return field === undefined ? { message } : { field: nameField(field), message };
  });
  if (spec !== null && faults.length === 0) faults.push(...findClusterFaults(spec.roles, nameField));
  // The package was valid with its defaults, so a fault now comes from the conf.
  if (spec === null || faults.length > 0) throw createConfError(faults);
  return spec;
}
