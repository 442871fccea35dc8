export { createConformancePackage } from './conformance-package.ts';
export { expectSuiteRed, runMutant, type MutationOptions, type TestOutcome } from './expect-suite-red.ts';
export { failAfterEffect } from './fail-after-effect.ts';
export {
  FAULTS,
  startFaultProxy,
  type ActiveRule,
  type CannedAnswer,
  type Fault,
  type FaultProxy,
  type FaultProxyOptions,
  type FaultRule,
  type ProxiedRequest,
  type ProxyLogEntry,
  type Upstream,
} from './fault-proxy/index.ts';
export {
  sweepFaults,
  type SweepCase,
  type SweepLane,
  type SweepOptions,
  type SweepOutcome,
} from './fault-sweep.ts';
export { createNodeShell, type NodeShell, type NodeShellOptions } from '../nodes/index.ts';
export { MUTANTS, type Mutant } from './mutants.ts';
export {
  DISTURBANCES,
  TRAITS,
  type CloudKind,
  type ConformanceHarness,
  type ConformanceCloud,
  type Disturbance,
  type OptionalPart,
  type SuiteOptions,
  type SuiteRunner,
  type Trait,
  type CloudResource,
} from './options.ts';
export { providerSuite } from './provider-suite.ts';
export {
  createSshdMachines,
  findSshdMachinesObstacle,
  type DiskAttachment,
  type Machine,
  type MachineSpec,
  type MachineState,
  type SshdMachines,
  type SshdMachinesOptions,
} from './sshd-machines/index.ts';
