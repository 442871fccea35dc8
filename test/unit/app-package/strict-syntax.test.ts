import { describe, expect, it } from 'vitest';
import { formatProblem, packContent, validatePackage } from '../../../src/app-package/index.ts';
import { MAX_PATH_BYTES, MAX_PATH_PART_BYTES } from '../../../src/domain/index.ts';
import { buildMountScript } from '../../../src/vm/node-tasks/mount-script.ts';
import { NODE, packageOf, withNode } from './one-fault.ts';
import { textFile } from './packages.ts';

function errorsOfVolume(fields: object): readonly string[] {
  const volume = JSON.stringify({ size: 10, ...fields });
  return validatePackage(withNode(`"volume": ${volume}`)).errors.map(formatProblem);
}

describe('what stands in fstab', () => {
  it.each([
    { mount_point: '/data' },
    { mount_point: '/data/' },
    { mount_point: '/opt/app-1.0_x/données' },
    { mount_options: 'defaults,noatime' },
    { mount_options: 'rw,uid=1000,allocsize=16m,x-systemd.device-timeout=10' },
    { mount_options: '' },
    { filesystem: 'xfs' },
  ])('may be %j', (fields) => {
    expect(errorsOfVolume(fields)).toEqual([]);
  });

  it.each([
    ...['data', './data', '/a/../etc', '/a/./b', '/a//b', '/a b', '/a\tb', '/a\nb', '/a\r', '/a\u2028b'],
    ...['/a"b', "/a'b", '/a\\040b', '/a\0b', '/$(id)', '/`id`', '/a\u200bb', `/${'a'.repeat(1_001)}`],
  ])('is no mount point: %j', (path) => {
    expect(errorsOfVolume({ mount_point: path })).toHaveLength(1);
    expect(errorsOfVolume({ size: 20, mount_point: ['/ok', path] })).toHaveLength(1);
  });

  it.each(['defaults\nUUID=x / ext4', 'a b', 'a\tb', 'a"b', "a'b", 'a\\b', '$(id)', 'a;b', 'a#b', 'a\0'])(
    'is no list of options: %j',
    (options) => {
      expect(errorsOfVolume({ mount_options: options })).toHaveLength(1);
    },
  );

  it.each(['ext4 ', 'ext4\n', '', '../../bin/sh', 'a b', 'x'.repeat(33)])(
    'is no filesystem: %j',
    (filesystem) => {
      expect(errorsOfVolume({ filesystem })).toHaveLength(1);
    },
  );

  it('is looked at once more where it is written', () => {
    const mount = { device: '/dev/vdb', mountPoint: '/data', filesystem: 'ext4', mountOptions: 'defaults' };
    const build = (change: Partial<typeof mount>) => () =>
      buildMountScript({ root: '', mounts: [{ ...mount, ...change }], format: true });
    expect(build({})).not.toThrow();
    for (const change of [
      { mountPoint: '/a\nb' },
      { mountPoint: '/a\tb' },
      { mountPoint: 'data' },
      { mountOptions: 'defaults\nUUID=x / ext4' },
      { mountOptions: 'a b' },
      { filesystem: 'ext4\n' },
      { filesystem: '../sh' },
    ]) {
      expect(build(change)).toThrow(expect.objectContaining({ code: 'MOUNT_SYNTAX' }));
    }
  });
});

describe('the paths of a package', () => {
  const pack = (path: string) => () => packContent([textFile(path, '')]);

  it('may be as long as file systems take', () => {
    const parts = Array.from({ length: 4 }, () => 'a'.repeat(MAX_PATH_PART_BYTES - 6));
    const path = parts.join('/');
    expect(pack(path.padEnd(MAX_PATH_BYTES, 'b').slice(0, MAX_PATH_BYTES))).not.toThrow();
    expect(pack('a'.repeat(MAX_PATH_PART_BYTES))).not.toThrow();
  });

  it.each([
    ['a name of 5,000 bytes', 'a'.repeat(5_000), `the limit is ${MAX_PATH_BYTES} bytes`],
    ['one byte more', 'ab/'.repeat(MAX_PATH_BYTES / 3 - 1) + 'abcde', `the limit is ${MAX_PATH_BYTES} bytes`],
    ['a long part', `x/${'a'.repeat(MAX_PATH_PART_BYTES + 1)}`, `the limit is ${MAX_PATH_PART_BYTES} bytes`],
    ['a part of long letters', 'é'.repeat(128), `the limit is ${MAX_PATH_PART_BYTES} bytes`],
    ['a line break', 'a\nb', 'control character'],
    ['an escape', 'a\u001b[2J', 'control character'],
  ])('are refused: %s', (_, path, message) => {
    expect(pack(path)).toThrow(
      expect.objectContaining({ code: 'PACKAGE_PATH', message: expect.stringContaining(message) }),
    );
  });

  it('that differ in case only are warned of', () => {
    const files = packageOf(
      `{"nodes": [${NODE}]}`,
      undefined,
      textFile('node/A', ''),
      textFile('node/a', ''),
    );
    expect(validatePackage(files).warnings.map(formatProblem)).toEqual([
      'node/a: differs from "node/A" in the case or form of letters only',
    ]);
  });
});
