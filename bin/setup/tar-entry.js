'use strict';

const BLOCK = 512;

function readText(block, start, length) {
  const end = block.indexOf(0, start);
  return block.toString('utf8', start, end === -1 || end > start + length ? start + length : end);
}

/**
 * The content of one entry of an uncompressed tar archive, or null when it has none of that name.
 * Enough for npm's own archives, whose names are short; so no `tar` program is needed.
 */
function readTarEntry(archive, name) {
  for (let offset = 0; offset + BLOCK <= archive.length;) {
    const header = archive.subarray(offset, offset + BLOCK);
    if (header[0] === 0) return null;
    const size = parseInt(readText(header, 124, 12).trim(), 8);
    const prefix = readText(header, 345, 155);
    const entry = prefix === '' ? readText(header, 0, 100) : `${prefix}/${readText(header, 0, 100)}`;
    const start = offset + BLOCK;
    if (entry === name) return archive.subarray(start, start + size);
    offset = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  return null;
}

module.exports = { readTarEntry };
