import type { CannedAnswer, ProxiedRequest } from '../../../src/conformance/index.ts';

/** For the fault proxy: the operation of a request to any service of AWS, as IAM names it after the colon. */
export function classifyAwsRequest({ headers, body }: ProxiedRequest): string {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return target.split('.').at(-1) ?? '';
  return new URLSearchParams(body.toString('latin1')).get('Action') ?? '';
}

/** For the fault proxy: whether a request only reads; AWS's own names say so. */
export function isAwsRead(request: ProxiedRequest): boolean {
  return /^(Describe|Get|List)/.test(classifyAwsRequest(request));
}

/** For the fault proxy: how each service reports throttling. */
export function throttleAwsRequest({ headers }: ProxiedRequest): CannedAnswer {
  const service = readService(headers.authorization ?? '');
  if (service === 'servicequotas' || service === 'ssm') {
    const type = service === 'ssm' ? 'ThrottlingException' : 'TooManyRequestsException';
    return {
      status: service === 'ssm' ? 400 : 429,
      headers: { 'content-type': 'application/x-amz-json-1.1' },
      body: JSON.stringify({ __type: type, message: 'Rate exceeded' }),
    };
  }
  const headersOfXml = { 'content-type': 'text/xml;charset=UTF-8' };
  if (service === 'sts') {
    const error = '<Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error>';
    return {
      status: 400,
      headers: headersOfXml,
      body: `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">${error}<RequestId>throttled</RequestId></ErrorResponse>`,
    };
  }
  const error = '<Error><Code>RequestLimitExceeded</Code><Message>Request limit exceeded.</Message></Error>';
  return {
    status: 503,
    headers: headersOfXml,
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors>${error}</Errors><RequestID>throttled</RequestID></Response>`,
  };
}

/** The service that a request was signed for. */
function readService(authorization: string): string {
  return /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(authorization)?.[1] ?? '';
}
