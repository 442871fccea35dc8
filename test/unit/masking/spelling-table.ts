/** How programs write a text, made here without the product's own list. */
export const WRITERS: Readonly<Record<string, (secret: string) => string>> = {
  plain: (secret) => secret,
  'upper case': (secret) => secret.toUpperCase(),
  'lower case': (secret) => secret.toLowerCase(),
  JSON: (secret) => JSON.stringify(secret),
  'JSON in JSON': (secret) => JSON.stringify(JSON.stringify(secret)),
  'JSON as Go writes it': (secret) =>
    JSON.stringify(secret).replace(/[<>&]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`),
  'JSON as PHP writes it': (secret) => JSON.stringify(secret).replaceAll('/', '\\/'),
  'JSON as Python writes it': (secret) =>
    JSON.stringify(secret).replace(
      /[\u007f-\uffff]/g,
      (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
  'a part of an address': (secret) => encodeURIComponent(secret),
  'an address in lower case': (secret) => encodeURIComponent(secret).toLowerCase(),
  'a form': (secret) => new URLSearchParams([['', secret]]).toString().slice(1),
  base64: (secret) => Buffer.from(secret).toString('base64'),
  'base64 after one byte': (secret) => Buffer.from(`u${secret}`).toString('base64'),
  'base64 after two bytes': (secret) => Buffer.from(`u:${secret}`).toString('base64'),
  'base64 between bytes': (secret) => Buffer.from(`user:${secret}\n`).toString('base64'),
  'base64 for addresses': (secret) => Buffer.from(secret).toString('base64url'),
  'base64 of JSON': (secret) => Buffer.from(JSON.stringify({ password: secret })).toString('base64'),
  'base64 in lines': (secret) =>
    Buffer.from(secret)
      .toString('base64')
      .replace(/.{8}/g, (line) => `${line}\n`),
  hexadecimal: (secret) => Buffer.from(secret).toString('hex'),
  'hexadecimal in upper case': (secret) => Buffer.from(secret).toString('hex').toUpperCase(),
  'hexadecimal bytes': (secret) => Buffer.from(secret).toString('hex').replace(/../g, '$& '),
  'single quotes of a shell': (secret) => `'${secret.replaceAll("'", `'\\''`)}'`,
  'single quotes as Python quotes them': (secret) => `'${secret.replaceAll("'", `'"'"'`)}'`,
  'double quotes of a shell': (secret) => `"${secret.replace(/[\\"$`]/g, '\\$&')}"`,
  'a shell without quotes': (secret) => secret.replace(/[^\w@%+=:,./\u0080-\uffff-]/g, '\\$&'),
  HTML: (secret) =>
    secret
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&#39;'),
  'HTML as Go writes it': (secret) =>
    secret
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&#34;')
      .replaceAll("'", '&#39;'),
  'HTML as Python writes it': (secret) =>
    secret
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&#x27;'),
  'two lines': (secret) => {
    const middle = secret.length >> 1;
    return `${secret.slice(0, middle)}\n    ${secret.slice(middle)}`;
  },
};
