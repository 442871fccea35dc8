import type { FaultPoint } from '../../activities/index.ts';
import type { Provider } from '../provider/index.ts';

/** For tests: settings of a worker that an environment cannot hold. */
export interface WorkerOverrides {
  readonly providers?: readonly Provider[];
  readonly faultPoint?: FaultPoint;
}
