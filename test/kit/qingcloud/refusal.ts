/** An error answer of the API: HTTP 200 with a ret_code and a sentence. */
export class Refusal extends Error {
  readonly retCode: number;

  constructor(retCode: number, message: string) {
    super(message);
    this.retCode = retCode;
  }
}

export function missing(name: string): Refusal {
  return new Refusal(1100, `InvalidRequestParameter, parameter [${name}] is missing`);
}

export function invalid(name: string, value: string): Refusal {
  return new Refusal(1100, `InvalidRequestParameter, [${value}] is not a valid value of [${name}]`);
}

export function notFound(id: string): Refusal {
  return new Refusal(2100, `ResourceNotFound, resource [${id}] does not exist`);
}

export function denied(why: string): Refusal {
  return new Refusal(1400, `PermissionDenied, ${why}`);
}
