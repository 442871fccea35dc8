import {
  createPackageError,
  digestContent,
  formatProblem,
  isChartReference,
  packageNameOf,
  packContent,
  readPackage,
  type PackageProblem,
} from '../app-package/index.ts';
import {
  identifyPackage,
  parseChartCredential,
  parseChartReference,
  validateAnyPackage,
} from '../chart-package/index.ts';
import {
  chartBinding,
  checkAppName,
  WindlassError,
  type ChartReference,
  type ErrorDetail,
} from '../domain/index.ts';
import {
  PART_BYTES,
  type AppUpload,
  type AppVersionView,
  type Claimed,
  type Requests,
} from '../protocol/index.ts';
import { sealSecret } from '../secrets/index.ts';
import { checkPlainName } from './clear-text.ts';
import { toPage } from './page.ts';
import type { AppsClient, ChartSource } from './windlass-client.ts';

/** Parts that are sent at the same time. */
const PARALLEL_PARTS = 4;
/** How often a package is sent again whose parts were deleted meanwhile. */
const UPLOAD_ATTEMPTS = 5;

/** Packages: checked on this machine, sent to the workers, listed. */
export function createAppsClient(requests: Requests): AppsClient {
  return {
    async validate(path) {
      const files = await readPackage(path);
      const { errors, warnings, notes } = validateAnyPackage(files);
      return {
        ...identifyPackage(files, packageNameOf(path)),
        errors: errors.map(toDetail),
        warnings: warnings.map(toDetail),
        notes: notes.map(toDetail),
      };
    },
    register: (path, source = {}) => registerPackage(requests, path, source),
    list: (options) => requests.listApps(toPage(options)),
    describe: async (version) => requests.describeApp({ version: checkPlainName(version, 'app') }),
  };
}

/** Sends a package to the workers; with a claim, for one request alone. */
export async function registerPackage(
  requests: Requests,
  path: string,
  source: ChartSource,
  claimed: Claimed = {},
): Promise<AppVersionView> {
  if (isChartReference(path) || source.repository !== undefined) {
    return requests.registerChart({ ...(await toReference(requests, path, source)), ...claimed });
  }
  refuseSource(path, source);
  const files = await readPackage(path);
  const { errors } = validateAnyPackage(files);
  if (errors.length > 0) throw createPackageError(errors);
  checkAppName(identifyPackage(files).appName);
  const packed = packContent(files);
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await uploadPackage(requests, packed, claimed);
    } catch (error) {
      // Another request with the same package was refused, and that deleted the parts of this one.
      const isForgotten = WindlassError.isInstance(error) && error.code === 'APP_PART_MISSING';
      if (!isForgotten || attempts === UPLOAD_ATTEMPTS) throw error;
    }
  }
}

async function toReference(
  requests: Requests,
  chart: string,
  { credential, ...rest }: ChartSource,
): Promise<ChartReference> {
  const reference = { ...rest, chart };
  // A package that a worker would refuse is not sent.
  parseChartReference(reference);
  if (credential === undefined) return reference;
  const text = JSON.stringify(parseChartCredential(credential));
  const sealed = await sealSecret(await requests.getSealingKey(), text, chartBinding(reference));
  return { ...reference, credential: sealed };
}

/** Sends the parts that the workers lack; after a failure the next attempt sends only the rest. */
async function uploadPackage(
  requests: Requests,
  packed: Uint8Array,
  claimed: Claimed,
): Promise<AppVersionView> {
  const upload: AppUpload = {
    ...claimed,
    digest: digestContent(packed),
    sizeBytes: packed.byteLength,
    parts: Math.max(1, Math.ceil(packed.byteLength / PART_BYTES)),
  };
  const { missing, registered } = await requests.beginAppUpload(upload);
  if (registered !== null) return registered;
  const waiting = [...missing];
  const sendNext = async (): Promise<void> => {
    for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
      const part = packed.subarray(index * PART_BYTES, (index + 1) * PART_BYTES);
      await requests.putAppPart({
        digest: upload.digest,
        index,
        base64: Buffer.from(part).toString('base64'),
      });
    }
  };
  const senders = Array.from({ length: PARALLEL_PARTS }, () =>
    sendNext().catch((error: unknown) => {
      waiting.length = 0;
      throw error;
    }),
  );
  // Parts in flight arrive before a failure is reported: the next attempt need not send them again.
  await Promise.allSettled(senders);
  await Promise.all(senders);
  return requests.registerApp(upload);
}

/** Options that have no meaning for a folder or an archive must not be ignored silently. */
function refuseSource(path: string, source: ChartSource): void {
  const [name] = Object.entries(source).find(([, value]) => value !== undefined) ?? [];
  if (name === undefined) return;
  throw new WindlassError(
    'invalid-input',
    `${name} is only for charts that are fetched, and ${path} is not one`,
    {
      code: 'CHART_REFERENCE',
      field: name,
      hint: 'give a version, a CA and a credential with oci://REGISTRY/CHART, or with a repository and the name of a chart',
    },
  );
}

function toDetail(problem: PackageProblem): ErrorDetail {
  return {
    ...(problem.field === undefined ? {} : { field: problem.field }),
    message: formatProblem(problem),
  };
}
