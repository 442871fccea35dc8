import type { CloudState, InstanceState, JobState, VolumeState } from './state.ts';

/** The states that the end of a job leaves; where it fails, those before it. */
export function endJob(state: CloudState, job: JobState): void {
  for (const instance of state.instances.filter(({ id }) => job.resources.includes(id))) {
    if (job.fails) takeBack(instance, job);
    else endInstance(state, instance, job);
    instance.transition = '';
    instance.statusMs = job.endMs;
  }
  for (const volume of state.volumes.filter(({ id }) => job.resources.includes(id))) {
    if (job.fails) takeBack(volume, job);
    else endVolume(state, volume, job);
    volume.transition = '';
    volume.statusMs = job.endMs;
  }
}

/** What a failed create has begun is gone; anything else is as it was. */
function takeBack(resource: InstanceState | VolumeState, { action }: JobState): void {
  if (action === 'RunInstances' && 'cpu' in resource) resource.status = 'ceased';
  if (action === 'CreateVolumes') resource.status = 'ceased';
  if ((action === 'AttachVolumes' || action === 'RunInstances') && 'sizeGb' in resource)
    resource.instance = '';
}

function endInstance(state: CloudState, instance: InstanceState, { action, data }: JobState): void {
  switch (action) {
    case 'RunInstances':
    case 'StartInstances':
      instance.status = 'running';
      break;
    case 'StopInstances':
      instance.status = 'stopped';
      break;
    case 'TerminateInstances':
    case 'CeaseInstances':
      instance.status = data['ceased'] === 1 ? 'ceased' : 'terminated';
      for (const volume of state.volumes.filter((one) => one.instance === instance.id)) detach(volume);
      instance.volumes = [];
      break;
    case 'ResizeInstances':
      instance.cpu = Number(data['cpu']);
      instance.memoryMb = Number(data['memoryMb']);
      instance.type = String(data['type']);
      break;
    default:
  }
}

function endVolume(state: CloudState, volume: VolumeState, { action, data }: JobState): void {
  switch (action) {
    case 'CreateVolumes':
      volume.status = 'available';
      break;
    case 'RunInstances':
    case 'AttachVolumes': {
      const instance = state.instances.find(({ id }) => id === volume.instance);
      if (instance === undefined) break;
      volume.status = 'in-use';
      volume.device = nextDevice(instance);
      instance.volumes.push({ id: volume.id, device: volume.device });
      break;
    }
    case 'DetachVolumes': {
      const instance = state.instances.find(({ id }) => id === volume.instance);
      if (instance !== undefined) instance.volumes = instance.volumes.filter(({ id }) => id !== volume.id);
      detach(volume);
      break;
    }
    case 'ResizeVolumes':
      volume.sizeGb = Number(data['sizeGb']);
      break;
    case 'DeleteVolumes':
      volume.status = 'deleted';
      break;
    default:
  }
}

function detach(volume: VolumeState): void {
  volume.status = 'available';
  volume.instance = '';
  volume.device = '';
}

/** `/dev/vda` is the system's own disk. */
function nextDevice({ volumes }: InstanceState): string {
  const taken = new Set(volumes.map(({ device }) => device));
  return (
    Array.from('cdefghijklmnopqrstuvwxyz', (letter) => `/dev/vd${letter}`).find((name) => !taken.has(name)) ??
    ''
  );
}
