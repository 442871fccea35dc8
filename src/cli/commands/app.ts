import type { Form } from '../../app-package/index.ts';
import type { ChartForm } from '../../chart-package/index.ts';
import type { AppDescription, ChartSource, WindlassClient } from '../../client/index.ts';
import { WindlassError, type ErrorInfo } from '../../domain/index.ts';
import type { Command, CommandGroup } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { readArgument, readFlag } from '../read-input.ts';
import { isAppForm, readFormOf, readLocalForm, toForm } from '../read-form.ts';
import { renderForm } from '../render/form.ts';
import { renderFields, renderTable } from '../render/table.ts';
import { CHART_OPTIONS, isFetched, readChartSource } from './chart-source.ts';
import { LIST_OPTIONS, readListOptions } from './list-options.ts';

const PATH = {
  name: 'path',
  description: 'folder of the package or Helm chart, or an archive of it (.tar.gz, .tgz, .zip)',
};

// Reads only files, so it works without server and worker: nothing of the client is loaded.
const validate: Command = {
  name: 'validate',
  summary: 'Check a package on this machine: every fault with its position',
  arguments: [PATH],
  options: [{ name: 'strict', description: 'warnings are errors too' }],
  examples: ['windlass app validate examples/antietcd'],
  async run(input) {
    const packages = await import('../../app-package/index.ts');
    const { identifyPackage, validateAnyPackage } = await import('../../chart-package/index.ts');
    const path = readArgument(input, 0);
    const files = await packages.readPackage(path);
    const identity = identifyPackage(files, packages.packageNameOf(path));
    const found = validateAnyPackage(files);
    const refused = readFlag(input, 'strict') ? [...found.errors, ...found.warnings] : found.errors;
    const error = refused.length === 0 ? null : packages.createPackageError(refused).toInfo();
    const lines = [
      ...found.errors.map((problem) => `error: ${packages.formatProblem(problem)}`),
      ...found.warnings.map((problem) => `warning: ${packages.formatProblem(problem)}`),
      ...found.notes.map((problem) => `note: ${packages.formatProblem(problem)}`),
      `${identity.appName} ${identity.version}: ${error === null ? 'valid' : 'not valid'} (${count(found.errors, 'error')}, ${count(found.warnings, 'warning')})`,
    ];
    const value: ValidateOutput = {
      ...identity,
      valid: error === null,
      ...found,
      ...(error === null ? {} : { error }),
    };
    return { value, text: lines.join('\n'), exitCode: error === null ? EXIT.done : EXIT.badInput };
  },
};

interface ValidateOutput {
  readonly appName: string;
  readonly version: string;
  readonly valid: boolean;
  readonly errors: readonly unknown[];
  readonly warnings: readonly unknown[];
  readonly notes: readonly unknown[];
  readonly error?: ErrorInfo;
}

const register: Command = {
  name: 'register',
  changes: true,
  summary: 'Send a package to the workers, so that clusters can be created from it',
  arguments: [
    {
      name: 'package',
      description: 'folder or archive; oci://REGISTRY/CHART; or with --repo the name of a chart',
    },
  ],
  options: CHART_OPTIONS,
  examples: [
    'windlass app register ./examples/antietcd',
    'windlass app register oci://registry.example/charts/web --version 1.2.3',
    'windlass app register web --repo https://charts.example --version 1.2.3',
  ],
  async run(input, context) {
    const source = await readChartSource(input, context);
    return context.withClient(async (client) => {
      const version = await client.apps.register(readArgument(input, 0), source);
      return {
        value: version,
        text: `${version.appName} ${version.version} is registered as ${version.versionId}`,
      };
    });
  },
};

const list: Command = {
  name: 'list',
  summary: 'List the registered versions',
  options: LIST_OPTIONS,
  async run(input, context) {
    const page = readListOptions(input);
    return context.withClient(async (client) => {
      const versions = await client.apps.list(page);
      const rows = versions.map((one) => [one.versionId, one.appName, one.version, one.createdAt]);
      return { value: versions, text: renderTable(['ID', 'APP', 'VERSION', 'REGISTERED'], rows) };
    });
  },
};

const APP = {
  name: 'app',
  description:
    'id of a version, an app name for its newest, the path of a package, or a chart as register takes it',
};

// A package on this machine is shown without a server.
const describe: Command = {
  name: 'describe',
  summary: 'Show a version, or a package on this machine, with the form that a user fills in',
  arguments: [APP],
  options: CHART_OPTIONS,
  examples: [
    'windlass app describe zookeeper',
    'windlass app describe ./examples/antietcd',
    'windlass app describe oci://registry.example/charts/web --version 1.2.3',
  ],
  async run(input, context) {
    const name = readArgument(input, 0);
    const source = await readChartSource(input, context);
    const shown = (await isLocal(name, source))
      ? await describePackage(name)
      : await context.withClient((client) => describeVersion(client, name, source));
    const head = renderFields([
      ...('versionId' in shown ? ([['ID', shown.versionId]] as const) : []),
      ['App', shown.appName],
      ['Version', shown.version],
      ['Size', `${shown.sizeBytes} bytes`],
      ...('createdAt' in shown ? ([['Registered', shown.createdAt]] as const) : []),
    ]);
    return { value: shown, text: `${head}${await renderAnyForm(toForm(shown.form))}` };
  },
};

async function isLocal(name: string, source: ChartSource): Promise<boolean> {
  const { isPackagePath } = await import('../../app-package/index.ts');
  return isPackagePath(name) && !(await isFetched(name, source));
}

/** A chart of a registry is registered first: a worker needs it to read it. */
async function describeVersion(
  client: WindlassClient,
  name: string,
  source: ChartSource,
): Promise<AppDescription> {
  const fetched = await isFetched(name, source);
  return client.apps.describe(fetched ? (await client.apps.register(name, source)).versionId : name);
}

async function describePackage(path: string): Promise<{
  readonly appName: string;
  readonly version: string;
  readonly sizeBytes: number;
  readonly form: Form | ChartForm | null;
}> {
  const packages = await import('../../app-package/index.ts');
  const { identifyPackage } = await import('../../chart-package/index.ts');
  const files = await packages.readPackage(path);
  return {
    ...identifyPackage(files, packages.packageNameOf(path)),
    sizeBytes: packages.packContent(files).byteLength,
    form: await readFormOf(files),
  };
}

const conf: Command = {
  name: 'conf',
  summary: 'Write a conf with every default, and comments on what is required',
  arguments: [APP],
  options: CHART_OPTIONS,
  examples: [
    'windlass app conf ./examples/antietcd > conf.json',
    'windlass app conf web --repo https://charts.example > values.json',
  ],
  async run(input, context) {
    const packages = await import('../../app-package/index.ts');
    const name = readArgument(input, 0);
    const source = await readChartSource(input, context);
    const form = (await isLocal(name, source))
      ? await readLocalForm(name)
      : toForm((await context.withClient((client) => describeVersion(client, name, source))).form);
    if (form === null) {
      throw new WindlassError('invalid-input', `${name} has no form`, {
        code: 'APP_NO_FORM',
        hint: 'a package has a config.json, a chart a Chart.yaml',
      });
    }
    // The values of a chart have no descriptions.
    if (!isAppForm(form)) return { value: form.values, text: JSON.stringify(form.values, null, 2) };
    return { value: packages.buildDefaultConf(form), text: packages.writeConf(form) };
  },
};

/** `windlass app …` */
export const APP_COMMANDS: CommandGroup = {
  name: 'app',
  summary: 'Application packages',
  commands: [validate, register, list, describe, conf],
};

async function renderAnyForm(form: Form | ChartForm | null): Promise<string> {
  if (form === null) return '';
  if (!isAppForm(form)) return `\n${await renderChart(form)}`;
  const { describeLimits } = await import('../../app-package/index.ts');
  return renderForm(form, describeLimits);
}

/** The values of a chart, from its values.yaml. */
async function renderChart(form: ChartForm): Promise<string> {
  const { stringify } = await import('yaml');
  const facts = renderFields([
    ['Description', form.description],
    ['Application', form.appVersion],
    ['Kubernetes', form.kubeVersion === '' ? 'any version' : form.kubeVersion],
    ['Schema', form.schemaText === null ? 'none: values are not checked' : 'values.schema.json'],
  ]);
  return `${facts}\n\n${stringify(form.values).trimEnd()}`;
}

function count(things: readonly unknown[], word: string): string {
  return `${things.length} ${word}${things.length === 1 ? '' : 's'}`;
}
