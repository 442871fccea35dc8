import { Context } from '@temporalio/activity';
import {
  createPackageError,
  describeForm,
  digestContent,
  packContent,
  parseForm,
  readPackageArchive,
  unpackContent,
  versionIdOf,
} from '../../src/app-package/index.ts';
import {
  describeChart,
  identifyPackage,
  isChart,
  parseChartCredential,
  validateAnyPackage,
  type ChartCredential,
} from '../../src/chart-package/index.ts';
import {
  chartBinding,
  checkAppName,
  MAX_PACKAGE_BYTES,
  WindlassError,
  type AppVersion,
  type ChartReference,
  type PackageFile,
} from '../../src/domain/index.ts';
import { PART_BYTES, type AppUpload, type AppVersionView, type Requests } from '../../src/protocol/index.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import type { ContextLoader } from '../load-context.ts';

type AppRequests = Pick<
  Requests,
  | 'beginAppUpload'
  | 'putAppPart'
  | 'registerApp'
  | 'registerChart'
  | 'releaseApp'
  | 'listApps'
  | 'describeApp'
>;

export function createAppRequests(dependencies: ActivityDependencies, loader: ContextLoader): AppRequests {
  const { apps } = dependencies.stores;
  return {
    async beginAppUpload(upload) {
      checkSize(upload);
      const registered = await apps.renew(upload.digest, upload.claim);
      const present = new Set(await apps.listParts(upload.digest));
      const missing = Array.from({ length: upload.parts }, (_, index) => index).filter(
        (index) => !present.has(index),
      );
      return { missing, registered: registered === null ? null : toAppVersionView(registered) };
    },

    async putAppPart({ digest, index, base64 }) {
      const content = Buffer.from(base64, 'base64');
      if (content.length > PART_BYTES || index < 0 || index >= Math.ceil(MAX_PACKAGE_BYTES / PART_BYTES)) {
        throw new WindlassError(
          'invalid-input',
          `part ${index} of ${content.length} bytes is over the limit`,
          {
            code: 'APP_PART_SIZE',
            hint: `parts are at most ${PART_BYTES} bytes`,
          },
        );
      }
      await apps.putPart(digest, index, content);
    },

    async registerApp(upload) {
      checkSize(upload);
      const known = await apps.renew(upload.digest, upload.claim);
      if (known !== null) return toAppVersionView(known);
      const packed = await apps.readContent(upload.digest);
      if (digestContent(packed) !== upload.digest) {
        throw new WindlassError('invalid-input', 'the received package does not match its digest', {
          code: 'APP_DIGEST',
          hint: 'register it again',
        });
      }
      return registerFiles(apps, unpackContent(packed), {
        digest: upload.digest,
        sizeBytes: packed.length,
        claim: upload.claim,
      });
    },

    releaseApp: ({ claim }) => apps.release(claim),

    async registerChart({ claim, ...reference }) {
      const credential = await openCredential(dependencies, reference);
      const archive = await dependencies.pullChart(
        reference,
        credential,
        Context.current().cancellationSignal,
      );
      const files = await readPackageArchive(archive);
      const packed = packContent(files);
      const digest = digestContent(packed);
      const known = await apps.renew(digest, claim);
      if (known !== null) return toAppVersionView(known);
      for (let start = 0; start < packed.byteLength; start += PART_BYTES) {
        await apps.putPart(digest, start / PART_BYTES, packed.subarray(start, start + PART_BYTES));
      }
      return registerFiles(apps, files, { digest, sizeBytes: packed.byteLength, claim });
    },

    listApps: async (page) => (await apps.list(page)).map(toAppVersionView),

    async describeApp({ version: wanted }) {
      const version = await apps.get(wanted);
      const { files } = await loader.loadPackage(version.versionId);
      if (isChart(files)) return { ...toAppVersionView(version), form: await describeChart(files) };
      const config = files.find((file) => file.path === 'config.json');
      const form =
        config === undefined ? null : describeForm(parseForm(new TextDecoder().decode(config.content)));
      return { ...toAppVersionView(version), form };
    },
  };
}

/** Checks the files and registers them; their content is in the store. */
async function registerFiles(
  apps: ActivityDependencies['stores']['apps'],
  files: readonly PackageFile[],
  { digest, sizeBytes, claim }: Pick<AppUpload, 'digest' | 'sizeBytes'> & { claim: string | undefined },
): Promise<AppVersionView> {
  const { errors } = validateAnyPackage(files);
  if (errors.length > 0) throw createPackageError(errors);
  const { appName, version } = identifyPackage(files);
  checkAppName(appName);
  return toAppVersionView(
    await apps.create(
      {
        versionId: versionIdOf(digest),
        appName,
        version,
        digest,
        sizeBytes,
        createdAt: new Date().toISOString(),
      },
      claim,
    ),
  );
}

async function openCredential(
  { keyring, redactor }: ActivityDependencies,
  reference: ChartReference,
): Promise<ChartCredential | null> {
  if (reference.credential === undefined) return null;
  const text = await keyring.openSealed(reference.credential, chartBinding(reference));
  const credential = parseChartCredential(text);
  redactor.register(credential.password);
  return credential;
}

export function toAppVersionView(version: AppVersion): AppVersionView {
  const { versionId, appName, version: name, sizeBytes, createdAt } = version;
  return { versionId, appName, version: name, sizeBytes, createdAt };
}

function checkSize(upload: AppUpload): void {
  if (upload.sizeBytes <= MAX_PACKAGE_BYTES && upload.parts === Math.ceil(upload.sizeBytes / PART_BYTES))
    return;
  throw new WindlassError(
    'invalid-input',
    `a package of ${upload.sizeBytes} bytes in ${upload.parts} parts cannot be taken`,
    { code: 'APP_SIZE', hint: `at most ${MAX_PACKAGE_BYTES} bytes, in parts of ${PART_BYTES}` },
  );
}
