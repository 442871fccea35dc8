import type { Instance } from '@aws-sdk/client-ec2';

/**
 * Names that EC2 leaves for volumes of one's own, in the order in which they are given out:
 * `/dev/sdf` to `/dev/sdp`, then `/dev/xvdba`, `/dev/xvdbb` and on.
 */
export function* listDeviceNames(): Generator<string> {
  for (const letter of 'fghijklmnop') yield `/dev/sd${letter}`;
  for (const first of 'bcd') {
    for (const second of 'abcdefghijklmnopqrstuvwxyz') yield `/dev/xvd${first}${second}`;
  }
}

/**
 * The first name, from the volume's own place on, that nothing of the instance has, and none of
 * `others` is; undefined for none.
 */
export function chooseDeviceName(
  instance: Pick<Instance, 'BlockDeviceMappings' | 'RootDeviceName'>,
  remembered: string | undefined,
  others: readonly string[] = [],
): string | undefined {
  const taken = new Set(
    [
      instance.RootDeviceName,
      ...others,
      ...(instance.BlockDeviceMappings ?? []).map(({ DeviceName }) => DeviceName),
    ].flatMap((name) => (name === undefined ? [] : [toDisk(name)])),
  );
  const isFree = (name: string): boolean => !taken.has(toDisk(name));
  if (remembered !== undefined && remembered !== '' && isFree(remembered)) return remembered;
  for (const name of listDeviceNames()) if (isFree(name)) return name;
  return undefined;
}

/** Images name the same disk in several ways: `/dev/sdf`, `sdf` and `/dev/xvdf` are one to a machine. */
function toDisk(name: string): string {
  return name.replace(/^\/dev\//, '').replace(/^(sd|xvd|hd)/, '');
}

/**
 * Where the node sees a volume. On Nitro the name of the request means nothing there: the disk is
 * found by its serial number, which is the volume's id. On older machines `/dev/sdf` is
 * `/dev/xvdf`.
 */
export function toNodeDevice(volumeId: string, deviceName: string, nitro: boolean): string {
  if (nitro) return `/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${volumeId.replace('-', '')}`;
  return deviceName.replace(/^\/dev\/sd/, '/dev/xvd');
}
