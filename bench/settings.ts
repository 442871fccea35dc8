import { parseArgs } from 'node:util';
import type { BenchSettings } from './part.ts';

export const PARTS = ['engine', 'fleet', 'takeover', 'history', 'memory', 'kubernetes', 'aws'] as const;
export type PartName = (typeof PARTS)[number];

export interface BenchRequest {
  readonly parts: readonly PartName[];
  readonly database: 'postgres' | 'pglite';
  readonly settings: BenchSettings;
}

/** @throws Error that says how the bench is called, for anything it does not know. */
export function readRequest(args: readonly string[]): BenchRequest {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      database: { type: 'string', default: 'postgres' },
      rounds: { type: 'string', default: '5' },
      sizes: { type: 'string', default: '3,30,100' },
      fleet: { type: 'string', default: '200' },
      kills: { type: 'string', default: '20' },
      nodes: { type: 'string', default: '1000' },
      jobs: { type: 'string', default: '1,10,50' },
      releases: { type: 'string', default: '20' },
      aws: { type: 'string', default: '1,10,100' },
      ansible: { type: 'string', default: '1,10' },
      'aws-rounds': { type: 'string', default: '3' },
      'aws-run-seconds': { type: 'string', default: '2' },
    },
  });
  const unknown = positionals.filter((name) => !PARTS.some((part) => part === name));
  if (unknown.length > 0)
    throw new Error(`no part is named ${unknown.join(', ')}; there are: ${PARTS.join(', ')}`);
  if (values.database !== 'postgres' && values.database !== 'pglite')
    throw new Error('--database is postgres or pglite');
  return {
    parts: positionals.length === 0 ? PARTS : PARTS.filter((part) => positionals.includes(part)),
    database: values.database,
    settings: {
      rounds: toCount('rounds', values.rounds),
      sizes: values.sizes.split(',').map((text) => toCount('sizes', text)),
      fleet: toCount('fleet', values.fleet),
      kills: toCount('kills', values.kills),
      historyNodes: toCount('nodes', values.nodes),
      releases: toCount('releases', values.releases),
      awsSizes: values.aws.split(',').map((text) => toCount('aws', text)),
      ansibleSizes:
        values.ansible === 'none' ? [] : values.ansible.split(',').map((text) => toCount('ansible', text)),
      awsRounds: toCount('aws-rounds', values['aws-rounds']),
      awsRunSeconds: toCount('aws-run-seconds', values['aws-run-seconds']),
      memoryJobs: values.jobs.split(',').map((text) => toCount('jobs', text)),
    },
  };
}

function toCount(name: string, text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new Error(`--${name}: ${text} is no whole number from 1`);
  return count;
}
