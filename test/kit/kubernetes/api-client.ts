import { Agent, request as sendRequest } from 'node:https';

/** An object of the API server, as far as tests look into it. */
export interface KubernetesObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly generation?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[];
  };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
  readonly data?: Readonly<Record<string, string>>;
}

/** The oracle of tests: asks the API server itself, by plain HTTPS, without the product's code. */
export interface ApiClient {
  /** `path` begins with `/api/v1` or `/apis/…`. @throws ApiError */
  get(path: string): Promise<KubernetesObject>;
  list(path: string): Promise<readonly KubernetesObject[]>;
  /** The text of an answer that is not JSON, e.g. `/metrics`. */
  text(path: string): Promise<string>;
  create(path: string, object: object): Promise<KubernetesObject>;
  /** A JSON merge patch. */
  patch(path: string, change: object): Promise<KubernetesObject>;
  delete(path: string): Promise<void>;
  close(): void;
}

/** The error answer of the server. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const ANSWER_LIMIT_MS = 20_000;

export function createApiClient(server: { url: string; ca: string; token: string }): ApiClient {
  const agent = new Agent({ ca: server.ca, keepAlive: true });

  function send(method: string, path: string, body?: object, type = 'application/json'): Promise<string> {
    return new Promise((resolve, reject) => {
      const request = sendRequest(new URL(path, server.url), {
        method,
        agent,
        timeout: ANSWER_LIMIT_MS,
        headers: {
          authorization: `Bearer ${server.token}`,
          accept: 'application/json',
          'content-type': type,
        },
      });
      request.once('error', reject);
      request.once('timeout', () => request.destroy(new Error(`no answer to ${method} ${path}`)));
      request.once('response', (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.once('error', reject);
        response.once('end', () => {
          const text = Buffer.concat(parts).toString('utf8');
          const status = response.statusCode ?? 0;
          if (status < 300) resolve(text);
          else reject(new ApiError(status, `${method} ${path}: ${status} ${text.slice(0, 500)}`));
        });
      });
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
  const sendObject = async (...args: Parameters<typeof send>): Promise<KubernetesObject> =>
    JSON.parse(await send(...args)) as KubernetesObject;

  return {
    get: (path) => sendObject('GET', path),
    async list(path) {
      const { items } = JSON.parse(await send('GET', path)) as { items: readonly KubernetesObject[] };
      return items;
    },
    text: (path) => send('GET', path),
    create: (path, object) => sendObject('POST', path, object),
    patch: (path, change) => sendObject('PATCH', path, change, 'application/merge-patch+json'),
    async delete(path) {
      await send('DELETE', path);
    },
    close: () => agent.destroy(),
  };
}
