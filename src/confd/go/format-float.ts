/** How a float64 is written with Go's verbs; `v` is the shortest text that reads back the same. */
export type FloatVerb = 'v' | 'e' | 'E' | 'f' | 'F' | 'g' | 'G';

/** With `precision` null, as many digits as the number needs (for e and f, printf's caller passes six). */
export function formatFloat(value: number, verb: FloatVerb, precision: number | null): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  switch (verb) {
    case 'f':
    case 'F':
      return fixed(value, precision ?? 6);
    case 'e':
      return exponential(value, precision ?? 6);
    case 'E':
      return exponential(value, precision ?? 6).toUpperCase();
    case 'G':
      return general(value, precision).toUpperCase();
    case 'g':
    case 'v':
      return general(value, precision);
  }
}

function fixed(value: number, digits: number): string {
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  return sign + exactDecimal(Math.abs(value), digits);
}

/** All digits of a float64, rounded half to even at `digits`: toFixed does not work beyond 1e21. */
function exactDecimal(value: number, wanted: number): string {
  const scale = 1074;
  // No float64 has more digits after its point; the rest is zeros.
  const digits = Math.min(wanted, scale);
  // Every finite float64 is a whole number of 2^-1074.
  const [mantissa, exponent] = split(value);
  const shift = BigInt(exponent + scale);
  const units = BigInt(mantissa) << shift;
  const power = 10n ** BigInt(digits);
  const numerator = units * power;
  const denominator = 1n << BigInt(scale);
  let whole = numerator / denominator;
  const rest = numerator % denominator;
  const half = denominator >> 1n;
  if (rest > half || (rest === half && whole % 2n === 1n)) whole += 1n;
  const text = whole.toString().padStart(digits + 1, '0');
  if (digits === 0) return text;
  return `${text.slice(0, -digits)}.${text.slice(-digits)}${'0'.repeat(wanted - digits)}`;
}

/** value = mantissa × 2^exponent, both integers. */
function split(value: number): [number, number] {
  if (value === 0) return [0, 0];
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const raw = Number((bits >> 52n) & 0x7ffn);
  const fraction = Number(bits & 0xfffffffffffffn);
  return raw === 0 ? [fraction, -1074] : [fraction + 2 ** 52, raw - 1075];
}

function exponential(value: number, digits: number): string {
  return withSign(value, roundSignificant(value, digits + 1).replace(/e([+-])(\d)$/, 'e$10$2'));
}

/** `d.ddde±n` with the given number of digits, rounded half to even over all digits of the float64. */
function roundSignificant(value: number, count: number): string {
  const magnitude = Math.abs(value);
  if (magnitude === 0) return `${writeMantissa('0'.repeat(count))}e+0`;
  const [mantissa, exponent] = split(magnitude);
  // m × 2^-k is m × 5^k over 10^k: an integer with its point moved.
  const scale = Math.max(0, -exponent);
  const units = BigInt(mantissa) * 5n ** BigInt(scale) * 2n ** BigInt(Math.max(0, exponent));
  const all = units.toString();
  let power = all.length - 1 - scale;
  let kept = all.slice(0, count).padEnd(count, '0');
  const rest = all.slice(count);
  const half = `5${'0'.repeat(Math.max(0, rest.length - 1))}`;
  const odd = Number(kept.at(-1)) % 2 === 1;
  if (rest !== '' && (rest > half || (rest === half && odd))) {
    kept = (BigInt(kept) + 1n).toString();
    if (kept.length > count) {
      kept = kept.slice(0, count);
      power += 1;
    }
  }
  const sign = value < 0 ? '-' : '';
  return `${sign}${writeMantissa(kept)}e${power < 0 ? '-' : '+'}${Math.abs(power)}`;
}

function writeMantissa(digits: string): string {
  return digits.length === 1 ? digits : `${digits.charAt(0)}.${digits.slice(1)}`;
}

/**
 * With an exponent if the number is below 1e-4 or has more integer digits than the precision (6 by
 * default).
 */
function general(value: number, precision: number | null): string {
  const shortest = precision === null;
  const digits = Math.max(precision ?? 6, 1);
  const text = shortest ? value.toExponential() : roundSignificant(value, digits);
  const exponent = Number(text.slice(text.indexOf('e') + 1));
  const mantissa = trimZeros(text.slice(0, text.indexOf('e')));
  const significant = mantissa.replace(/[-.]/g, '').length;
  const fewer = !shortest && digits > significant && significant >= exponent + 1;
  if (exponent < -4 || exponent >= (fewer ? significant : digits)) {
    const sign = exponent < 0 ? '-' : '+';
    return withSign(value, `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`);
  }
  return withSign(value, fixedText(value, mantissa, exponent, significant));
}

function fixedText(value: number, mantissa: string, exponent: number, significant: number): string {
  const sign = value < 0 ? '-' : '';
  const digits = mantissa.replace(/[-.]/g, '');
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  if (significant <= exponent + 1) return sign + digits.padEnd(exponent + 1, '0');
  return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}

function trimZeros(mantissa: string): string {
  return mantissa.includes('.') ? mantissa.replace(/\.?(?<!0)0+$/, '') : mantissa;
}

function withSign(value: number, text: string): string {
  return Object.is(value, -0) && !text.startsWith('-') ? `-${text}` : text;
}
