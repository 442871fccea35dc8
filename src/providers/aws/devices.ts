import type { Instance } from '@aws-sdk/client-ec2';

/**
 * Device names that EC2 leaves to users' volumes, in the order in which they are assigned: `/dev/sdf` to
 * `/dev/sdp`, then `/dev/xvdba`, `/dev/xvdbb` and so on.
 */
export function* listDeviceNames(): Generator<string> {
  for (const letter of 'fghijklmnop') yield `/dev/sd${letter}`;
  for (const first of 'bcd') {
    for (const second of 'abcdefghijklmnopqrstuvwxyz') yield `/dev/xvd${first}${second}`;
  }
}

/**
 * The first name, starting with the volume's own, that no device of the instance has and that is not in
 * `others`; undefined if there is none.
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

/** Images name the same disk in several ways: `/dev/sdf`, `sdf` and `/dev/xvdf` are the same to a machine. */
function toDisk(name: string): string {
  return name.replace(/^\/dev\//, '').replace(/^(sd|xvd|hd)/, '');
}

/**
 * The device under which the node sees a volume. On Nitro the requested name has no meaning there: the
 * disk is found by its serial number, which is the volume's id. On older machines `/dev/sdf` is
 * `/dev/xvdf`.
 */
export function toNodeDevice(volumeId: string, deviceName: string, nitro: boolean): string {
  if (nitro) return `/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${volumeId.replace('-', '')}`;
  return deviceName.replace(/^\/dev\/sd/, '/dev/xvd');
}
