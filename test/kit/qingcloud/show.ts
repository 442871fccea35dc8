import { OWNER } from './settings.ts';
import type { CloudState, InstanceState, JobState, VolumeState } from './state.ts';
import type { RequestContext } from './request-context.ts';

/** As the API writes times: `2026-01-02T03:04:05Z`. */
export function showTime(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d+Z$/, 'Z');
}

function showTags(ids: readonly string[], { tags }: CloudState): readonly object[] {
  return tags.filter(({ id }) => ids.includes(id)).map(({ id, name }) => ({ tag_id: id, tag_name: name }));
}

export function showInstance({ state }: RequestContext, one: InstanceState): object {
  const vxnet = state.vxnets.find(({ id }) => id === one.vxnet);
  const isMade = one.status !== 'pending';
  return {
    instance_id: one.id,
    instance_name: one.name,
    hostname: one.hostname,
    description: null,
    instance_type: one.type,
    instance_class: one.class,
    vcpus_current: one.cpu,
    memory_current: one.memoryMb,
    ...showStatus(one),
    image: {
      image_id: one.image,
      image_name: one.image,
      platform: 'linux',
      os_family: 'centos',
      processor_type: '64bit',
      provider: 'system',
      image_size: 20,
    },
    vxnets:
      vxnet === undefined
        ? []
        : [
            {
              vxnet_id: vxnet.id,
              vxnet_name: vxnet.name,
              vxnet_type: vxnet.type,
              nic_id: '52:54:00:12:34:56',
              // It has none before its job has ended.
              private_ip: isMade ? one.address : '',
              role: 1,
            },
          ],
    eip: {},
    eips: [],
    volume_ids: one.volumes.map(({ id }) => id),
    volumes: one.volumes.map(({ id, device }) => ({
      volume_id: id,
      device,
      size: state.volumes.find((volume) => volume.id === id)?.sizeGb ?? 0,
    })),
    keypair_ids: one.keyPairs,
    security_group: { security_group_id: 'sg-emulated', is_default: 1 },
    tags: showTags(one.tags, state),
    extra: { os_disk_size: one.osDiskGb, hypervisor: 'kvm', gpu: one.gpu },
    repl: 'rpp-00000002',
  };
}

export function showVolume({ state }: RequestContext, one: VolumeState): object {
  const instance = state.instances.find(({ id }) => id === one.instance);
  return {
    volume_id: one.id,
    volume_name: one.name,
    size: one.sizeGb,
    volume_type: one.type,
    ...showStatus(one),
    instance:
      instance === undefined
        ? {}
        : { instance_id: instance.id, instance_name: instance.name, device: one.device },
    tags: showTags(one.tags, state),
  };
}

export function showJob(one: JobState): object {
  return {
    job_id: one.id,
    job_action: one.action,
    status: one.status,
    resource_ids: one.resources.join(' '),
    owner: OWNER,
    create_time: showTime(one.createdMs),
    status_time: showTime(one.statusMs),
    error_codes: one.status === 'failed' ? '5000' : '',
  };
}

/** What the API shows alike of an instance and of a volume. */
function showStatus(one: InstanceState | VolumeState): object {
  return {
    status: one.status,
    transition_status: one.transition,
    sub_code: 0,
    create_time: showTime(one.createdMs),
    status_time: showTime(one.statusMs),
    zone_id: one.zone,
    owner: OWNER,
  };
}
