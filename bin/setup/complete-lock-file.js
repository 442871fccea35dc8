'use strict';

/**
 * Adds to package-lock.json the optional packages of platforms that the registry at hand does not
 * carry: npm leaves them out of the lock file there, and `npm ci` then refuses the file everywhere.
 * Such a package is nothing but a binary for one platform, named after it. Run it after every
 * change of the dependencies; it adds nothing where nothing is missing.
 */

const fs = require('fs');
const path = require('path');

const SYSTEMS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const PROCESSORS = [
  'arm',
  'arm64',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'wasm32',
  'x64',
];

const file = path.join(__dirname, '..', '..', 'package-lock.json');
const lock = JSON.parse(fs.readFileSync(file, 'utf8'));
const added = [];
for (const [owner, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies || {})) {
    if (lock.packages[`node_modules/${name}`] || lock.packages[`${owner}/node_modules/${name}`]) continue;
    lock.packages[`node_modules/${name}`] = describePlatformPackage(name, version, entry.dev === true);
    added.push(name);
  }
}
if (added.length > 0) {
  const byPath = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1));
  fs.writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(byPath) }, null, 2)}\n`);
}
process.stdout.write(`added ${added.length} optional packages to package-lock.json\n`);

function describePlatformPackage(name, version, isDevelopment) {
  const words = name.split('/').pop().split('-');
  const os = words.filter((word) => SYSTEMS.includes(word));
  const cpu = words.filter((word) => PROCESSORS.includes(word));
  const libc = words.some((word) => word.startsWith('musl'))
    ? ['musl']
    : words.includes('gnu')
      ? ['glibc']
      : [];
  return {
    version,
    ...(cpu.length > 0 ? { cpu } : {}),
    ...(isDevelopment ? { dev: true } : {}),
    ...(libc.length > 0 ? { libc } : {}),
    optional: true,
    ...(os.length > 0 ? { os } : {}),
  };
}
