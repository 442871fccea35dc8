const FACTORS: Readonly<Record<string, number>> = {
  '': 1,
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** A quantity as Kubernetes writes it (`500m`, `1.5Gi`, 2, `1e3`) as a number; 0 if it is not a quantity. */
export function parseQuantity(quantity: string | number | undefined): number {
  if (typeof quantity === 'number') return quantity;
  const match = /^([+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)([numkMGTPE]?|[KMGTPE]i)$/.exec(
    quantity?.trim() ?? '',
  );
  return match === null ? 0 : Number(match[1]) * (FACTORS[match[2] ?? ''] ?? 0);
}

/** CPUs to three digits. */
export function toCpus(quantity: string | number | undefined): number {
  return Math.round(parseQuantity(quantity) * 1000) / 1000;
}

export function toMiB(quantity: string | number | undefined): number {
  return Math.ceil(parseQuantity(quantity) / 2 ** 20);
}

export function toGiB(quantity: string | number | undefined): number {
  return Math.ceil(parseQuantity(quantity) / 2 ** 30);
}

/** CPUs as Kubernetes writes them: `2`, `500m`. */
export function formatCpus(cpus: number): string {
  const milli = Math.round(cpus * 1000);
  return milli % 1000 === 0 ? String(milli / 1000) : `${milli}m`;
}

export function formatMiB(mebibytes: number): string {
  return mebibytes % 1024 === 0 ? `${mebibytes / 1024}Gi` : `${mebibytes}Mi`;
}
