import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkUrl,
  isLoopbackHost,
  isMetadataHost,
  WindlassError,
  type UrlRule,
} from '../../../src/domain/index.ts';

const RULE: UrlRule = { field: 'url', code: 'RUNTIME_URL', plainHttpHosts: [] };

function refusal(text: string, rule: UrlRule = RULE): WindlassError | null {
  try {
    checkUrl(text, rule);
    return null;
  } catch (error) {
    if (WindlassError.isInstance(error)) return error;
    throw error;
  }
}

describe('checkUrl', () => {
  it.each([
    'https://api.example',
    'https://api.example:8443/path/of/it',
    'https://[2001:db8::1]:8443',
    'HTTPS://API.EXAMPLE/',
    'http://127.0.0.1:9103',
    'http://localhost:5000/',
    'http://[::1]:5000',
  ])('takes %s', (text) => {
    expect(refusal(text)).toBeNull();
  });

  it.each([
    ['no address at all', ''],
    ['a host without a scheme', 'api.example'],
    ['a path', '/etc/passwd'],
    ['a scheme without a host', 'https://'],
    ['a file', 'file:///etc/passwd'],
    ['another scheme', 'ftp://api.example'],
    ['a socket', 'unix:///var/run/docker.sock'],
    ['a socket inside http', 'http+unix://%2Fvar%2Frun%2Fdocker.sock'],
    ['a user', 'https://planted-1@api.example'],
    ['a user and a password', 'https://u:planted-1@127.0.0.1:9'],
    ['a password without a user', 'https://:planted-1@api.example'],
    ['an empty user', 'https://@api.example'],
    ['an encoded password', 'https://u:planted%2D1@api.example'],
    ['a query', 'https://api.example/?token=planted-1'],
    ['an empty query', 'https://api.example/?'],
    ['a fragment', 'https://api.example/#planted-1'],
    ['a backslash', 'https://127.0.0.1\\.evil.example/'],
    ['a blank', 'https://api.example/ planted-1'],
    ['a line break', 'https://api.example\n.evil.example/'],
    ['a tab in the scheme', 'ht\ttps://api.example/'],
    ['no slashes', 'https:api.example'],
    ['plain http to another machine', 'http://192.0.2.1:9'],
    ['plain http to a name', 'http://api.example'],
    ['plain http to a name that looks like loopback', 'http://127.0.0.1.evil.example'],
    ['plain http to a name that begins like it', 'http://localhost.evil.example'],
    ['plain http to no address', 'http://0.0.0.0:9103'],
    ['the metadata service of AWS', 'https://169.254.169.254/latest/meta-data'],
    ['the same in decimal', 'https://2852039166/'],
    ['the same in hexadecimal', 'https://0xa9fea9fe/'],
    ['the same in octal', 'https://0251.0376.0251.0376/'],
    ['the same with two parts', 'https://169.16689662/'],
    ['the same in IPv6', 'https://[::ffff:169.254.169.254]/'],
    ['the same, translated', 'https://[64:ff9b::a9fe:a9fe]/'],
    ['the same with full-width digits', 'https://１６９.254.169.254/'],
    ['the one of ECS', 'http://169.254.170.2/v2/credentials'],
    ['the one of AWS in IPv6', 'https://[fd00:ec2::254]/'],
    ['a link-local address', 'https://[fe80::1]/'],
    ['the one of Google', 'https://metadata.google.internal/computeMetadata/v1/'],
    ['the same with a dot behind it', 'https://metadata.google.internal./'],
    ['the same in capitals', 'https://METADATA.google.internal/'],
    ['the one of Alibaba', 'https://100.100.100.200/'],
    ['the one of Azure', 'https://168.63.129.16/'],
  ])('refuses %s and quotes no secret', (_, text) => {
    const error = refusal(text);
    expect(error).toMatchObject({ kind: 'invalid-input', code: 'RUNTIME_URL', field: 'url' });
    expect(JSON.stringify(error?.toInfo())).not.toContain('planted');
  });

  it('takes plain http to a host that the operator named, and to no other', () => {
    const rule = { ...RULE, plainHttpHosts: ['api.internal', '10.0.0.7:8080'] };
    expect(refusal('http://api.internal:99', rule)).toBeNull();
    expect(refusal('http://10.0.0.7:8080/x', rule)).toBeNull();
    expect(refusal('http://10.0.0.7:8081', rule)).not.toBeNull();
    expect(refusal('http://sub.api.internal', rule)).not.toBeNull();
    expect(
      refusal('http://169.254.169.254', { ...RULE, plainHttpHosts: ['169.254.169.254'] }),
    ).not.toBeNull();
  });

  it('leaves plain http to the workers where the client asks, and nothing else', () => {
    const rule = { ...RULE, plainHttpHosts: null };
    expect(refusal('http://192.0.2.1:9', rule)).toBeNull();
    expect(refusal('http://u:p@192.0.2.1:9', rule)).not.toBeNull();
    expect(refusal('ftp://192.0.2.1', rule)).not.toBeNull();
  });

  it('takes https alone where only that is asked for', () => {
    expect(refusal('http://127.0.0.1:9', { ...RULE, schemes: ['https'] })).not.toBeNull();
  });

  it('whatever the text: refused, or plain and to the same host however often it is read', () => {
    const pieces = fc.constantFrom(
      ...['http', 'https', ':', '//', '/', '@', '127.0.0.1', '169.254.169.254', 'localhost', 'a.example'],
      ...['\\', ' ', '\t', '?', '#', '%40', '%2f', '[::1]', ':80', 'u:p', '.', '。', '\u00ad', '0x7f.1'],
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 9 }), (parts) => {
        const text = parts.join('');
        let url: URL;
        try {
          url = checkUrl(text, RULE);
        } catch (error) {
          expect(WindlassError.isInstance(error)).toBe(true);
          return;
        }
        expect(url.username + url.password + url.search + url.hash).toBe('');
        expect(url.protocol === 'https:' || isLoopbackHost(url.hostname)).toBe(true);
        expect(isMetadataHost(url.hostname)).toBe(false);
        expect(checkUrl(url.href, RULE).href).toBe(url.href);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('isLoopbackHost', () => {
  it.each(['localhost', 'LOCALHOST', '127.0.0.1', '127.255.0.9', '::1', '[::1]'])(
    'is true for %s',
    (host) => {
      expect(isLoopbackHost(host)).toBe(true);
    },
  );
  it.each([
    '',
    '128.0.0.1',
    '127.0.0.1.example',
    '127.0.0.999',
    '0.0.0.0',
    '::',
    '[::ffff:127.0.0.1]',
    '/run/x',
  ])('is false for %j', (host) => {
    expect(isLoopbackHost(host)).toBe(false);
  });
});
