import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeWhole } from './processes.ts';

const recordSchema = z.object({
  /** Of the request that makes the thing: repeated, it finds what it made. */
  runtime: z.object({ requestId: z.string(), name: z.string(), id: z.string().nullable() }).nullable(),
  cluster: z.object({ requestId: z.string(), name: z.string(), id: z.string().nullable() }).nullable(),
  /** The newest version of the example's package that an example has registered. */
  versionId: z.string().nullable(),
});

/** What the example has made, by ids that no user's thing has; names say nothing about who made something. */
export type ExampleRecord = Readonly<z.infer<typeof recordSchema>>;

const NOTHING: ExampleRecord = { runtime: null, cluster: null, versionId: null };

/** The example's memory in a home folder. Written before something is made, so that a killed run finds it again. */
export interface ExampleBook {
  read(): ExampleRecord;
  write(change: Partial<ExampleRecord>): void;
}

export function openExampleBook(home: string): ExampleBook {
  const file = join(home, 'example.json');
  const read = (): ExampleRecord => {
    try {
      return recordSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    } catch {
      return NOTHING;
    }
  };
  return {
    read,
    write(change) {
      writeWhole(file, { ...read(), ...change });
    },
  };
}
