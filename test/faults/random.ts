/** Random numbers that a seed decides. */
export interface RandomSource {
  /** A whole number from 0 to `below` - 1. */
  pickNumber(below: number): number;
  /** At most `count` different items, in the order given. */
  pickSome<Item>(items: readonly Item[], count: number): readonly Item[];
  /** All items, in an order that the seed decides. */
  shuffle<Item>(items: readonly Item[]): readonly Item[];
}

/** Marsaglia's xorshift on 32 bits: good enough to choose where to kill, and the same on every machine. */
export function createRandomSource(seed: number): RandomSource {
  // Zero is the one state that it never leaves.
  let state = seed >>> 0 || 0x9e3779b9;
  const pickNumber = (below: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  return {
    pickNumber,
    pickSome(items, count) {
      const chosen = new Set<number>();
      for (let left = Math.min(count, items.length); left > 0; left -= 1) {
        chosen.add(pickNumber(items.length));
      }
      return items.filter((_, index) => chosen.has(index));
    },
    shuffle: (items) =>
      items
        .map((item) => ({ item, rank: pickNumber(2 ** 31) }))
        .sort((one, other) => one.rank - other.rank)
        .map(({ item }) => item),
  };
}
