export {
  FAULTS,
  type ActiveRule,
  type CannedAnswer,
  type Fault,
  type FaultRule,
  type ProxiedRequest,
} from './rules.ts';
export {
  startFaultProxy,
  type FaultProxy,
  type FaultProxyOptions,
  type ProxyLogEntry,
} from './start-fault-proxy.ts';
export type { Upstream } from './upstream.ts';
