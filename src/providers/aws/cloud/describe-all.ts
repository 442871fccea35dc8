/** A list of AWS in pages, as every Describe operation returns it. */
export async function readPages<Page extends { readonly NextToken?: string | undefined }, Item>(
  ask: (page: { NextToken?: string }) => Promise<Page>,
  toItems: (page: Page) => readonly Item[] | undefined,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  let token: string | undefined;
  do {
    const page = await ask(token === undefined ? {} : { NextToken: token });
    items.push(...(toItems(page) ?? []));
    token = page.NextToken === '' ? undefined : page.NextToken;
  } while (token !== undefined);
  return items;
}
