import type { PageRequest } from '../domain/index.ts';
import type { ListOptions } from './windlass-client.ts';

const PAGE_ITEMS = 100;

/** A whole page request from the caller's options. */
export function toPage(options: ListOptions = {}): PageRequest {
  return {
    limit: options.limit ?? PAGE_ITEMS,
    ...(options.after === undefined ? {} : { after: options.after }),
  };
}
