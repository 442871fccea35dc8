export { requireDiskSpace } from './disk-space.ts';
export { findHelm, type FindHelmRequest, type Helm } from './find-helm.ts';
export {
  HELM_WHEEL,
  KUBECTL_WHEEL,
  type PinnedWheel,
  TEMPORAL_WHEEL,
  TEST_SERVER_WHEEL,
} from './pinned-wheels.ts';
export { readZipEntry } from './read-zip-entry.ts';
export { makeTemporaryFolder, sweepTemporaryFolders } from './temporary-folder.ts';
export { findWheelBinary, type WheelRequest } from './wheel-binary.ts';
