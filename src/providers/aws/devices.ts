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

/** The first name, from the volume's own place on, that nothing of the instance has; undefined for none. */
export function chooseDeviceName(
  instance: Pick<Instance, 'BlockDeviceMappings' | 'RootDeviceName'>,
  remembered: string | undefined,
): string | undefined {
  const taken = new Set((instance.BlockDeviceMappings ?? []).map(({ DeviceName }) => DeviceName));
  if (instance.RootDeviceName !== undefined) taken.add(instance.RootDeviceName);
  if (remembered !== undefined && remembered !== '' && !taken.has(remembered)) return remembered;
  for (const name of listDeviceNames()) if (!taken.has(name)) return name;
  return undefined;
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
