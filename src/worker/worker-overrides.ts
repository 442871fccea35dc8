import type { FaultPoint } from '../../activities/index.ts';
import type { Provider } from '../provider/index.ts';

/** For tests: what a worker may be given that an environment cannot hold. */
export interface WorkerOverrides {
  readonly providers?: readonly Provider[];
  readonly faultPoint?: FaultPoint;
}
