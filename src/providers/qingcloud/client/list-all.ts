import type { QingCloudClient, SendOptions } from './create-client.ts';
import type { Operations } from './operations.ts';
import { QingCloudError } from './qingcloud-error.ts';

/** The most that QingCloud gives in one page; a higher limit is cut to it without a word. */
const PAGE_SIZE = 100;

/** Operations that list, with the field of their answer that has the list. */
const LISTS = {
  DescribeInstances: 'instance_set',
  DescribeVolumes: 'volume_set',
  DescribeJobs: 'job_set',
  DescribeVxnets: 'vxnet_set',
  DescribeRouters: 'router_set',
  DescribeAccessKeys: 'access_key_set',
  DescribeKeyPairs: 'keypair_set',
} as const;

export type ListAction = keyof typeof LISTS;

type Item<Name extends ListAction> =
  Operations[Name]['answer'] extends Readonly<Partial<Record<(typeof LISTS)[Name], readonly (infer One)[]>>>
    ? One
    : never;

/** How a page is read; `client.send`, or a wrapper that takes the budget of calls first. */
export type SendPage = QingCloudClient['send'];

/**
 * Everything that matches, from all pages. A resource that moves from one page to the next while they are
 * read may be given twice, and one may be missed: do not take one absence as proof.
 *
 * @throws QingCloudError of the first page that fails; `unreadable` when a page has no list.
 */
export async function listAll<Name extends ListAction>(
  send: SendPage,
  action: Name,
  parameters: Omit<Operations[Name]['parameters'], 'offset' | 'limit'>,
  options?: SendOptions,
): Promise<readonly Item<Name>[]> {
  const items: Item<Name>[] = [];
  for (;;) {
    const page = { ...parameters, offset: items.length, limit: PAGE_SIZE } as Operations[Name]['parameters'];
    const answer = await send(action, page, options);
    const { [LISTS[action]]: list, total_count: total = 0 } = answer as Readonly<Record<string, unknown>> & {
      readonly total_count?: number;
    };
    if (!Array.isArray(list)) {
      throw new QingCloudError(`the answer has no ${LISTS[action]}`, {
        kind: 'unreadable',
        action,
        mayHaveEffect: false,
      });
    }
    items.push(...(list as Item<Name>[]));
    if (list.length === 0 || items.length >= total) return items;
  }
}

/** Ids in parts that one request may name: an answer has no more than a page. */
export function toChunks(ids: readonly string[], size: number = PAGE_SIZE): readonly (readonly string[])[] {
  const unique = [...new Set(ids)];
  const chunks: string[][] = [];
  for (let start = 0; start < unique.length; start += size) chunks.push(unique.slice(start, start + size));
  return chunks;
}
