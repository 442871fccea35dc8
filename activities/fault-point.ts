/**
 * A named point at which a process may die without losing anything: the border between two steps of an
 * activity. Does nothing in production; tests pass a function that ends the process here. Names:
 * `<activity type>:<point>`.
 */
export type FaultPoint = (name: string) => Promise<void>;

export const NO_FAULTS: FaultPoint = async () => {};
