import { describe, expect, it } from 'vitest';
import {
  isOpenJobStatus,
  JOB_COMMANDS,
  JOB_STATUSES,
  takesCommand,
  takesTaskCommand,
  TASK_STATUSES,
  type JobCommandName,
} from '../../../src/domain/index.ts';

const NAMES = Object.keys(JOB_COMMANDS) as JobCommandName[];

describe('the table of commands to a job', () => {
  it.each(NAMES)('has %s carried out for open jobs alone', (name) => {
    const taken = JOB_STATUSES.filter((status) => takesCommand(name, status));
    expect(taken).not.toEqual([]);
    expect(taken.filter((status) => !isOpenJobStatus(status))).toEqual([]);
  });

  it('resumes a job that is held, and no other', () => {
    expect(JOB_STATUSES.filter((status) => takesCommand('resume', status))).toEqual(['held']);
  });

  it.each(['retry', 'skip'] as const)(
    'has %s carried out for a task that has failed, and no other',
    (name) => {
      expect(TASK_STATUSES.filter((status) => takesTaskCommand(name, status))).toEqual(['failed']);
    },
  );

  it('says of each what it does, to what, and who may give it', () => {
    for (const { does, by, to } of Object.values(JOB_COMMANDS)) {
      expect(does).toMatch(/^[a-z].*[^.]$/);
      expect(['person', 'person or engine']).toContain(by);
      expect(['job', 'task']).toContain(to);
    }
  });
});
