import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeWhole } from './processes.ts';

const recordSchema = z.object({
  /** The id of the request that creates it: repeated, it finds what it created. */
  runtime: z.object({ requestId: z.string(), name: z.string(), id: z.string().nullable() }).nullable(),
  cluster: z.object({ requestId: z.string(), name: z.string(), id: z.string().nullable() }).nullable(),
  /** The newest version of the example's package that an example has registered. */
  versionId: z.string().nullable(),
});

/** The objects that the example has created, by their ids: names do not show who created something. */
export type ExampleRecord = Readonly<z.infer<typeof recordSchema>>;

const NOTHING: ExampleRecord = { runtime: null, cluster: null, versionId: null };

/**
 * The example's record in a home folder. Written before something is created, so that the run after a
 * killed one finds it.
 */
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
