import type { PlannedTask, Task, TaskRef } from './task.ts';

/** Tasks that run in parallel. */
export interface TaskLayer {
  /** What it does, e.g. `RunInstances` or `StartService order 1`. Need not be unique. */
  readonly title: string;
  readonly tasks: readonly PlannedTask[];
}

/** `always`: also after a step before it has failed, or after the job was cancelled. */
export type StepRuns = 'in-order' | 'always';

/** Tasks that run in parallel; the next step starts when all have ended. */
export interface LayerStep extends TaskLayer {
  readonly kind: 'layer';
  readonly runs: StepRuns;
}

/** A short sequence of layers, e.g. what makes one node. */
export interface Lane {
  /** Whose it is, e.g. `zk_node 2`. */
  readonly label: string;
  readonly layers: readonly TaskLayer[];
}

/**
 * Sequences that do not wait for each other: a slow node does not hold up the others. The next step
 * starts when all have ended. A lane whose task fails ends there; lanes that have begun continue to
 * their end, and no further lane begins.
 */
export interface LanesStep {
  readonly kind: 'lanes';
  readonly title: string;
  readonly runs: StepRuns;
  /** At most this many lanes run at the same time; 1: one after the other. */
  readonly atOnce: number;
  readonly lanes: readonly Lane[];
}

export type PlanStep = LayerStep | LanesStep;

/** The whole plan of a job, in order. Same input, same plan, byte by byte. */
export type JobPlan = readonly PlanStep[];

/** Version of the stored form of a plan; a worker refuses a plan newer than it knows. */
export const PLAN_SCHEMA_VERSION = 2;

/** A layer as it is stored and counted; the layers of the lanes of a step that have the same title are one. */
export interface LayerShape {
  /** Within the job. */
  readonly index: number;
  readonly name: string;
  readonly total: number;
}

/** A step without its tasks: all that a workflow knows of it. */
export interface StepShape {
  readonly index: number;
  readonly title: string;
  readonly runs: StepRuns;
  readonly layers: readonly LayerShape[];
  /** Null for a step of one layer. */
  readonly lanes: LanesShape | null;
}

export interface LanesShape {
  readonly count: number;
  readonly atOnce: number;
  /** How many tasks the longest of the lanes has. */
  readonly mostTasks: number;
}

/** The position of a task in a stored plan. */
export type TaskPosition = Pick<Task, 'layerIndex' | 'index' | 'lane'>;

/** A plan as it is stored. */
export interface FlatPlan {
  readonly steps: readonly StepShape[];
  readonly tasks: readonly (PlannedTask & TaskPosition)[];
}

/** A part of a step that one workflow walks: so many tasks of a layer, or so many lanes, `to` excluded. */
export interface PlanSlice {
  readonly step: number;
  readonly of: 'tasks' | 'lanes';
  readonly from: number;
  readonly to: number;
}

/** Layers one after the other. A slice of a layer is one lane of one layer. */
export type SliceLane = readonly (readonly TaskRef[])[];
