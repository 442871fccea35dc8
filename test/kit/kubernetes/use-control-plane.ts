import { afterAll, beforeAll, beforeEach } from 'vitest';
import { startControlPlane, type ControlPlane } from './control-plane.ts';
import { findKubebox, NO_KUBEBOX } from './find-kubebox.ts';

const START_LIMIT_MS = 45 * 60_000;

/**
 * A control plane for the tests of this file: started before the first, ended after the last. If none is
 * available, every test is skipped with the reason. Returns a function that passes it to a running test.
 */
export function useControlPlane(): () => ControlPlane {
  let plane: ControlPlane | null = null;

  beforeAll(async () => {
    // If it must be built first, that takes a quarter of an hour, once.
    const binary = await findKubebox();
    plane = binary === null ? null : await startControlPlane(binary);
  }, START_LIMIT_MS);
  beforeEach((context) => context.skip(plane === null, NO_KUBEBOX));
  afterAll(async () => {
    await plane?.stop();
  }, 180_000);

  return () => {
    if (plane === null) throw new Error('the control plane is not started yet');
    return plane;
  };
}
