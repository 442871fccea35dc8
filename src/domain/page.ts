/** A page of a list. `after` is the id of the last item seen; newest first. */
export interface PageRequest {
  readonly limit: number;
  readonly after?: string;
}
