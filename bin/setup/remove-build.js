'use strict';
const fs = require('node:fs');
const path = require('node:path');

// The first step of `npm run build`: what was built from files that are gone must not be packed.
fs.rmSync(path.resolve(__dirname, '..', '..', 'dist'), { recursive: true, force: true });
