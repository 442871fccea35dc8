import { createHmac } from 'node:crypto';

/** The parameters of a request, flat, as they are sent: `instances.1`, not a list. */
export type FlatParameters = Readonly<Record<string, string>>;

/** What is signed besides the parameters. */
export interface SignedPlace {
  readonly method: 'GET' | 'POST';
  /** As it is sent: `/iaas/` and `/iaas` have different signatures. */
  readonly path: string;
}

/**
 * The query of a request as QingCloud wants it signed: sorted by the bytes of the names, names and values
 * percent-encoded by RFC 3986.
 */
export function toSortedQuery(parameters: FlatParameters): string {
  return Object.entries(parameters)
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

/** The text that is signed. `parameters` are without `signature`. */
export function toStringToSign({ method, path }: SignedPlace, parameters: FlatParameters): string {
  return `${method}\n${path}\n${toSortedQuery(parameters)}`;
}

/** The signature of a request, in base64 (HmacSHA256). `parameters` are without `signature`. */
export function signRequest(place: SignedPlace, parameters: FlatParameters, secretAccessKey: string): string {
  return createHmac('sha256', secretAccessKey).update(toStringToSign(place, parameters)).digest('base64');
}

/** RFC 3986: also what `encodeURIComponent` leaves as it is. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
