import {
  compareText,
  cutText,
  type JobPlan,
  type Lane,
  type PlannedTask,
  type PlanStep,
  type ResourceClaim,
} from '../domain/index.ts';
import type { PlanDocument } from './plan-document.ts';

/** Longer texts of a directive, such as commands, are cut. */
const SHOWN_CHARACTERS = 100;

/** Replaces the id of the task's own node, so that tasks of many nodes have the same line. */
const OWN_NODE = '<node>';

/**
 * A plan as text: its steps in order, and in each a line for each task:
 *
 * RunInstances | zk 1 | make instance | cpu 1, memoryMiB 1024
 *
 * the action, its node, its intents for resources, and its directive; values that are empty, zero or false
 * are left out. Tasks of a layer that differ only in their node share a line, which names all of them, and
 * so do lanes that differ only in their node. In a lane, `-` begins each layer. A document ends with its
 * hash, which identifies it. The same plan gives the same text.
 */
export function renderPlan(plan: JobPlan | PlanDocument): string {
  if (!('steps' in plan)) return renderSteps(plan).join('\n');
  return [...renderSteps(plan.steps), `plan ${plan.hash}`].join('\n');
}

function renderSteps(steps: JobPlan): readonly string[] {
  return steps.flatMap((step, index) => renderStep(step, index + 1));
}

function renderStep(step: PlanStep, number: number): readonly string[] {
  const always = step.runs === 'always' ? ', also after a failure' : '';
  if (step.kind === 'layer')
    return [`${number}. ${step.title}${always}`, ...renderLayer(step.tasks).map((line) => `   ${line}`)];
  const { length } = step.lanes;
  const atOnce = step.atOnce < length ? `, ${step.atOnce} at a time` : '';
  return [
    `${number}. ${step.title}: ${length} ${length === 1 ? 'lane' : 'lanes'}${atOnce}${always}`,
    ...foldLanes(step.lanes).flatMap((lanes) => renderLanes(lanes)),
  ];
}

/** Lanes that differ only in their nodes. */
function foldLanes(lanes: readonly Lane[]): readonly (readonly Lane[])[] {
  return groupBy(lanes, ({ layers }) =>
    layers.map(({ tasks }) => tasks.map(describeTask).join('\n')).join('\n-\n'),
  );
}

function renderLanes(lanes: readonly Lane[]): readonly string[] {
  const layers = lanes[0]?.layers ?? [];
  return [
    `   ${joinLabels(lanes.map(({ label }) => label))}`,
    ...layers.flatMap((_, position) =>
      renderLayer(lanes.flatMap((lane) => lane.layers[position]?.tasks ?? [])).map(
        (line, index) => `   ${index === 0 ? '-' : ' '} ${line}`,
      ),
    ),
  ];
}

function renderLayer(tasks: readonly PlannedTask[]): readonly string[] {
  return groupBy(tasks, describeTask).map((same) => {
    const [first] = same;
    if (first === undefined) return '';
    const labels = joinLabels(same.map(({ label }) => label));
    return [first.action, labels, ...describeRest(first)].join(' | ');
  });
}

/** All of a task except its node. */
function describeTask(task: PlannedTask): string {
  return [task.action, ...describeRest(task)].join(' | ');
}

function describeRest(task: PlannedTask): readonly string[] {
  const { nodeId, directive, resources, failureAllowed } = task;
  return [
    describeClaims(resources),
    describeMembers(directive, nodeId),
    failureAllowed ? 'may fail' : '',
  ].filter((part) => part !== '');
}

function describeClaims(claims: readonly ResourceClaim[]): string {
  return groupBy(claims, ({ intent }) => intent)
    .map((same) => `${same[0]?.intent} ${same.map(({ kind }) => kind).join(' ')}`)
    .join(', ');
}

/** Sorted by name: a stored plan has its fields in another order. */
function describeMembers(value: object, nodeId: string | null): string {
  return Object.entries(value)
    .sort(([a], [b]) => compareText(a, b))
    .flatMap(([name, member]: [string, unknown]) => {
      const text = describeValue(member, nodeId);
      if (text === '') return [];
      return [member === true ? name : `${name} ${text}`];
    })
    .join(', ');
}

/** The empty text for a value without content. */
function describeValue(value: unknown, nodeId: string | null): string {
  if (value === null || value === undefined || value === false || value === 0 || value === '') return '';
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => describeItem(item, nodeId));
    return items.length === 0 ? '' : `[${items.join('; ')}]`;
  }
  if (typeof value === 'object') {
    const members = describeMembers(value, nodeId);
    return members === '' ? '' : `(${members})`;
  }
  if (typeof value === 'string') return value === nodeId ? OWN_NODE : describeText(value);
  return JSON.stringify(value) ?? '';
}

/** An item keeps its position even if it is empty. */
function describeItem(item: unknown, nodeId: string | null): string {
  if (typeof item === 'object' && item !== null && !Array.isArray(item)) return describeMembers(item, nodeId);
  return describeValue(item, nodeId) || JSON.stringify(item);
}

/** Quoted if it could be misread as something else. */
function describeText(text: string): string {
  const shown = cutText(text, SHOWN_CHARACTERS);
  return /^[\w./:@%+=,-]+$/.test(shown) ? shown : JSON.stringify(shown);
}

/** `zk 1, zk 2, zk 3, log 7` as `zk 1-3, log 7`. */
function joinLabels(labels: readonly string[]): string {
  const ranges: { readonly head: string; readonly from: number; to: number }[] = [];
  const parts = labels.map((label) => {
    const [, head, digits] = /^(.*?)(0|[1-9]\d{0,14})$/.exec(label) ?? [];
    if (head === undefined || digits === undefined) return label;
    const number = Number(digits);
    const last = ranges.at(-1);
    if (last?.head === head && last.to + 1 === number) {
      last.to = number;
      return undefined;
    }
    const range = { head, from: number, to: number };
    ranges.push(range);
    return range;
  });
  return parts
    .flatMap((part) => {
      if (part === undefined) return [];
      if (typeof part === 'string') return [part];
      return [part.from === part.to ? `${part.head}${part.from}` : `${part.head}${part.from}-${part.to}`];
    })
    .join(', ');
}

/** Items with the same key, in the order in which the keys first occur. */
function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): readonly (readonly Item[])[] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}
