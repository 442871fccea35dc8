import { WindlassError } from '../../../domain/index.ts';
import { wrongCredential } from './kube-access.ts';

/** A program that prints a token, with its arguments and environment; built only from checked parts. */
export interface ExecPlugin {
  readonly command: string;
  readonly args: readonly string[];
  /** Its whole environment, except PATH and HOME. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * One way to call one program: which words, options and variables it may have, and the form of each value.
 */
interface ExecForm {
  readonly command: string;
  readonly words: readonly string[];
  readonly options: readonly ExecOption[];
  readonly variables: Readonly<Record<string, RegExp>>;
  /** Without these variables the program would look for an identity of the worker. */
  readonly requiredVariables: readonly string[];
  /** Variables that keep the program from reading anything of the machine. */
  readonly fixedEnv: Readonly<Record<string, string>>;
}

interface ExecOption {
  /** The first one is the name that the program is called by. */
  readonly names: readonly string[];
  readonly form: RegExp;
  readonly required?: boolean;
}

const CLUSTER = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;
const REGION = /^[a-z]{2}(-[a-z]{2,12}){1,3}-\d{1,2}$/;
const ROLE = /^arn:aws[a-z-]{0,12}:iam::\d{12}:role\/[A-Za-z0-9_+=,.@/-]{1,512}$/;

const AWS_VARIABLES: Readonly<Record<string, RegExp>> = {
  AWS_ACCESS_KEY_ID: /^[A-Za-z0-9]{1,128}$/,
  AWS_SECRET_ACCESS_KEY: /^[A-Za-z0-9/+=]{1,128}$/,
  AWS_SESSION_TOKEN: /^[A-Za-z0-9/+=_-]{1,4096}$/,
  AWS_REGION: REGION,
  AWS_DEFAULT_REGION: REGION,
  AWS_STS_REGIONAL_ENDPOINTS: /^(regional|legacy)$/,
};

// No shared settings file, no role of the machine.
const AWS_FIXED: Readonly<Record<string, string>> = {
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true',
};

const AWS_KEYS = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];

// Other programs (gke-gcloud-auth-plugin, kubelogin, doctl, oci) read their identity from files and
// services of the machine: no way to call them excludes the worker's own identity.
const FORMS: readonly ExecForm[] = [
  {
    command: 'aws',
    words: ['eks', 'get-token'],
    options: [
      { names: ['--cluster-name'], form: CLUSTER, required: true },
      { names: ['--region'], form: REGION },
      { names: ['--role-arn', '--role'], form: ROLE },
      { names: ['--output'], form: /^json$/ },
    ],
    variables: AWS_VARIABLES,
    requiredVariables: AWS_KEYS,
    fixedEnv: { ...AWS_FIXED, AWS_PAGER: '' },
  },
  {
    command: 'aws-iam-authenticator',
    words: ['token'],
    options: [
      { names: ['--cluster-id', '-i'], form: CLUSTER, required: true },
      { names: ['--region'], form: REGION },
      { names: ['--role', '-r'], form: ROLE },
      { names: ['--output', '-o'], form: /^json$/ },
    ],
    variables: AWS_VARIABLES,
    requiredVariables: AWS_KEYS,
    fixedEnv: AWS_FIXED,
  },
];

/** The programs of which a form is known; the configuration can allow these programs and no others. */
export const EXEC_COMMANDS: readonly string[] = FORMS.map(({ command }) => command);

/** The exec section of a kubeconfig, its types already checked. */
export interface ExecSection {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Accepts an exec section only if it is, as a whole, one of the known forms: the program is then called
 * with our own words and with values that match their pattern, never with the user's command line.
 *
 * @throws permission `KUBERNETES_EXEC` for a program that is not allowed; invalid-input
 * `KUBERNETES_CREDENTIAL` for a form that is not known. The error quotes nothing of it.
 */
export function readExecPlugin(section: ExecSection, allowed: readonly string[]): ExecPlugin {
  const form = FORMS.find(({ command }) => command === section.command);
  if (form === undefined || !allowed.includes(form.command)) throw notAllowed(allowed);
  const values = readArguments(form, section.args);
  const env = readVariables(form, section.env);
  return {
    command: form.command,
    args: [
      ...form.words,
      ...form.options.flatMap(({ names: [name = ''] }) => {
        const value = values.get(name);
        return value === undefined ? [] : [name, value];
      }),
    ],
    env: { ...env, ...form.fixedEnv },
  };
}

function readArguments(form: ExecForm, args: readonly string[]): ReadonlyMap<string, string> {
  const words: string[] = [];
  const values = new Map<string, string>();
  for (let index = 0; index < args.length; index += 1) {
    const argument = args[index] ?? '';
    if (!argument.startsWith('-')) {
      words.push(argument);
      continue;
    }
    const [, name = argument, joined] = /^(--[a-z-]+)=(.*)$/s.exec(argument) ?? [];
    const option = form.options.find(({ names }) => names.includes(name));
    const value = joined ?? args[(index += 1)];
    const [first = ''] = option?.names ?? [];
    if (option === undefined || value === undefined || !option.form.test(value) || values.has(first)) {
      throw unknownForm(form);
    }
    values.set(first, value);
  }
  const complete = form.options.every(({ names: [name = ''], required }) => !required || values.has(name));
  if (!complete || JSON.stringify(words) !== JSON.stringify(form.words)) throw unknownForm(form);
  return values;
}

function readVariables(form: ExecForm, env: ExecSection['env']): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(env)) {
    const known = Object.hasOwn(form.variables, name) ? form.variables[name] : undefined;
    if (known?.test(value) === true) continue;
    throw wrongCredential(
      'its exec section sets a variable that is not known, or has a value that is not allowed',
      `the known variables are: ${Object.keys(form.variables).join(', ')}`,
    );
  }
  if (form.requiredVariables.every((name) => env[name] !== undefined)) return env;
  throw wrongCredential(
    `its exec section does not say which identity calls ${form.command}; the worker’s own identity is never used`,
    `give ${form.requiredVariables.join(' and ')} in its env`,
  );
}

function unknownForm({ command, words, options }: ExecForm): WindlassError {
  const usage = options.map(({ names: [name = ''], required }) => (required ? `${name} …` : `[${name} …]`));
  return wrongCredential(
    `its exec section calls ${command} in a way that is not supported`,
    `supported is: ${[command, ...words, ...usage].join(' ')}`,
  );
}

function notAllowed(allowed: readonly string[]): WindlassError {
  return new WindlassError(
    'permission',
    'the kubeconfig asks workers to run a program, which they do not do',
    {
      code: 'KUBERNETES_EXEC',
      field: 'credential',
      hint:
        'use a token or a client certificate' +
        (allowed.length > 0
          ? `, or one of: ${allowed.join(', ')}`
          : `; the operator of the workers can allow ${EXEC_COMMANDS.join(' and ')} with WINDLASS_KUBERNETES_EXEC`),
    },
  );
}
