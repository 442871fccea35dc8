/**
 * Hard maxima of what users hand over and of what a worker sends. They stand here and nowhere else:
 * client, workers and docs read them. An error that refuses something names its limit.
 */

/** Nodes of one cluster. Counted before any row is built. */
export const MAX_NODES = 1_000;

/** The path of a file in a package, and each part of it, in bytes of UTF-8: what file systems take. */
export const MAX_PATH_BYTES = 1_000;
export const MAX_PATH_PART_BYTES = 255;

/** Roles of one cluster: entries of `nodes`, or workloads of a chart. */
export const MAX_ROLES = 200;

/** Volumes of one node; clouds attach about two dozen at most. */
export const MAX_NODE_VOLUMES = 16;

/** What one node may ask for. Far above what clouds sell; a number beyond is a slip or an attack. */
export const MAX_NODE_CPUS = 10_000;
export const MAX_NODE_MEMORY_MIB = 64 * 1024 * 1024;
export const MAX_NODE_VOLUME_GIB = 1024 * 1024;

/** A credential as its file has it, in bytes of UTF-8. A kubeconfig of one context has 2 to 8 KB. */
export const MAX_CREDENTIAL_BYTES = 32 * 1024;

/** A conf as JSON, passwords included, in bytes of UTF-8. Temporal refuses inputs of 2 MB. */
export const MAX_CONF_BYTES = 512 * 1024;

/**
 * A JSON document of a package (its form, its cluster with the user's values in it, its locales) or
 * a user's file: characters of its text, values in it, how deep they nest, characters of a key.
 */
export const MAX_JSON_CHARACTERS = 2 * 1024 * 1024;
export const MAX_JSON_VALUES = 200_000;
export const MAX_JSON_DEPTH = 100;
export const MAX_JSON_KEY_CHARACTERS = 2_000;

/** Placeholders of a template of cluster.json, and the characters of each. */
export const MAX_PLACEHOLDERS = 5_000;
export const MAX_PLACEHOLDER_CHARACTERS = 500;

/** The key of one item of a form, in characters. */
export const MAX_FORM_KEY_CHARACTERS = 250;

/** Items of a package's form, all groups together. */
export const MAX_FORM_ITEMS = 2_000;

/** The message of an error, in characters; hint and details have limits of their own. */
export const MAX_MESSAGE_CHARACTERS = 4_000;

/** The hint of an error, in characters. */
export const MAX_HINT_CHARACTERS = 1_000;

/** The field that an error names, in characters. */
export const MAX_FIELD_CHARACTERS = 300;

/** Faults listed in one error, and the characters of each. */
export const MAX_DETAILS = 100;
export const MAX_DETAIL_CHARACTERS = 500;

/** What a wait last saw, in characters. */
export const MAX_OBSERVATION_CHARACTERS = 1_000;

/** One line of a worker's log, in characters. */
export const MAX_LOG_LINE_CHARACTERS = 16_000;

/**
 * A template of confd's while it runs: its steps (each also counts for some bytes that a function
 * reads or writes), its output, and any value in it, written out.
 */
export const MAX_TEMPLATE_STEPS = 2_000_000;
export const MAX_TEMPLATE_OUTPUT_BYTES = 8 * 1024 * 1024;
export const MAX_TEMPLATE_VALUE_BYTES = 2 * 1024 * 1024;
export const MAX_TEMPLATE_VALUE_DEPTH = 100;

/** The path argument of a template's `gets` and `ls`, in characters, and the comparisons of all of them. */
export const MAX_TEMPLATE_PATH_CHARACTERS = 500;
export const MAX_TEMPLATE_COMPARISONS = 20_000_000;

/** A pattern of a form, a schema or a template, in characters. */
export const MAX_PATTERN_CHARACTERS = 1_000;

/** What a pattern compiles to, in instructions; `a{1000}` has about 1,000. */
export const MAX_PATTERN_INSTRUCTIONS = 5_000;

/**
 * Steps of all patterns of one form, schema or template together: instructions times characters of
 * the text. 40 million take about a second of an idle machine.
 */
export const MAX_PATTERN_WORK = 20_000_000;

/**
 * Attempts of one activity in a row that began and never reported their end; then it is abandoned. More
 * than the steps of an activity between which a worker may die, each of which makes progress.
 */
export const MAX_LOST_ATTEMPTS = 6;

/** Items of one page of a list. */
export const MAX_PAGE_ITEMS = 1_000;

/** A sealed secret on its way, in characters of base64: the largest credential, with room for its envelope. */
export const MAX_SEALED_BYTES = 1024 * 1024;

/** The name of a cluster or runtime: also what a label of Kubernetes or a part of a host name may have. */
export const MAX_NAME_CHARACTERS = 63;

/** What an app calls itself; npm's limit for packages. */
export const MAX_APP_NAME_CHARACTERS = 214;

export const MAX_REQUEST_ID_CHARACTERS = 255;

/** Values that the aliases of one YAML document of a chart may come to, counted each time. */
export const MAX_YAML_ALIASED = 100_000;

/** How deep one may be nested; deeper ones may exceed the stack. */
export const MAX_YAML_DEPTH = 500;

/**
 * An error as JSON, in bytes; details that do not fit are left out, and counted. A failure holds its
 * message once more. Temporal takes 2 MB, and keeps each in a history.
 */
export const MAX_ERROR_BYTES = 48 * 1024;

/** What an activity answers, as JSON in bytes. Temporal refuses 2 MB, and its worker then answers again and again. */
export const MAX_ANSWER_BYTES = 1_500_000;

/** The cursor of a provider's wait, as JSON in bytes: each heartbeat carries it. */
export const MAX_CURSOR_BYTES = 32 * 1024;

/** How often the parts of a chart's schema are evaluated over its values. */
export const MAX_SCHEMA_EVALUATIONS = 1_000_000;

/** Memory of a run of helm, which renders what a chart says: charts of many hundred objects take a fifth of it. */
export const MAX_HELM_MEMORY_BYTES = 1024 * 1024 * 1024;

/** values.yaml, Chart.yaml and the like, in characters. Large public charts have 250,000; a megabyte can take seconds. */
export const MAX_CHART_YAML_CHARACTERS = 512 * 1024;

/** What helm prints, the rendered chart above all, in characters. A release's record holds less. */
export const MAX_HELM_OUTPUT_CHARACTERS = 8 * 1024 * 1024;

/** Largest package, in bytes, packed. */
export const MAX_PACKAGE_BYTES = 20_000_000;

/** For reading one manifest, in a thread of its own; the largest that helm may print takes about 30 s on a busy machine. */
export const MAX_MANIFEST_READ_MS = 120_000;
export const MAX_MANIFEST_READ_MEMORY_MIB = 1024;
