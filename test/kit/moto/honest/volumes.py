"""Volumes: tokens, zones, refusals, states that take their time, and the rule of six hours."""

import re
import time
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.models.elastic_block_store import Volume, VolumeModification
from moto.ec2.responses.elastic_block_store import ElasticBlockStore

from .images import machine_devices
from .instances import refuse_malformed
from .quotas import refuse_storage
from .tokens import tokens
from .state import clock, emit, hide, made, refuse, settings

# type: smallest and largest size in GiB
SIZES = {
    "gp2": (1, 16384),
    "gp3": (1, 65536),
    "io1": (4, 16384),
    "io2": (4, 65536),
    "st1": (125, 16384),
    "sc1": (125, 16384),
    "standard": (1, 1024),
}
GP3_THROUGHPUT = 125

create_volume_of_moto = ElasticBlockStore.create_volume
attach_volume_of_moto = ElasticBlockStore.attach_volume
modify_volume_of_moto = ElasticBlockStore.modify_volume
describe_modifications_of_moto = ElasticBlockStore.describe_volumes_modifications


def status_of(volume: Volume) -> str:
    on_the_way = getattr(volume, "on_the_way", None)
    return on_the_way or ("in-use" if volume.attachment else "available")


def report(volume: Volume, state: str, instance_id: str, device: str) -> None:
    """What the machine would notice: a disk that comes, goes or grows."""
    emit("volume", volumeId=volume.id, instanceId=instance_id, state=state, device=device, sizeGiB=volume.size)


def find_volume(self: ElasticBlockStore) -> Any:
    volume_id = self._get_param("VolumeId")
    if not re.fullmatch(r"vol-([0-9a-f]{8}|[0-9a-f]{17})", volume_id or ""):
        raise refuse("InvalidParameterValue", f"Value ({volume_id}) for parameter volumeId is invalid.")
    return self.ec2_backend.get_volume(volume_id)


def create_volume(self: ElasticBlockStore) -> ActionResult:
    zone = self._get_param("AvailabilityZone")

    def make() -> Any:
        volume_type = self._get_param("VolumeType") or "gp2"
        if volume_type not in SIZES:
            raise refuse("UnknownVolumeType", f"Unknown volume type: {volume_type}")
        if self.ec2_backend.get_zone_by_name(zone) is None:
            raise refuse("InvalidZone.NotFound", f"The zone '{zone}' does not exist.")
        size = self._get_param("Size")
        if size is not None:
            refuse_size(volume_type, int(size))
            refuse_storage(self.ec2_backend, volume_type, int(size))
        volume = create_volume_of_moto(self).result
        volume.multi_attach_enabled = bool(volume.multi_attach_enabled)
        if volume_type == "gp3" and volume.throughput is None:
            volume.throughput = GP3_THROUGHPUT
        volume.on_the_way = "creating"
        hide(volume)
        made.append(("volume", volume.id, self.ec2_backend))
        clock.after(settings.creating_ms, lambda: setattr(volume, "on_the_way", None))
        return volume

    scope = ("CreateVolume", self.current_account, self.region)
    volume = tokens.once(scope, self._get_param("ClientToken"), self.params, make)
    return ActionResult(volume)


def refuse_size(volume_type: str, size: int) -> None:
    smallest, largest = SIZES[volume_type]
    if not smallest <= size <= largest:
        raise refuse("InvalidParameterValue", f"Volume of {size}GiB is not from {smallest} to {largest}GiB, as {volume_type} asks for.")


def attach_volume(self: ElasticBlockStore) -> ActionResult:
    volume = find_volume(self)
    instance_id = self._get_param("InstanceId")
    refuse_malformed([instance_id])
    instance = self.ec2_backend.get_instance(instance_id)
    device = self._get_param("Device") or ""
    if not re.fullmatch(r"/dev/(sd[a-z][0-9]{0,2}|xvd[a-z]{1,2})", device):
        raise refuse("InvalidParameterValue", f"Value ({device}) for parameter device is invalid. {device} is not a valid EBS device name.")
    if volume.attachment is not None:
        raise refuse("VolumeInUse", f"{volume.id} is already attached to an instance")
    if volume.status != "available":
        raise refuse("IncorrectState", f"Volume '{volume.id}' is in the '{volume.status}' state.")
    if instance.state not in ("running", "stopped"):
        raise refuse("IncorrectState", f"Instance '{instance_id}' is not 'running'.")
    if volume.zone.name != instance.availability_zone:
        raise refuse(
            "InvalidVolume.ZoneMismatch",
            f"The volume '{volume.id}' is not in the same availability zone as instance '{instance_id}'",
        )
    if device in instance.block_device_mapping or device in machine_devices(instance):
        raise refuse(
            "InvalidParameterValue",
            f"Invalid value '{device}' for unixDevice. Attachment point {device} is already in use",
        )
    answer = attach_volume_of_moto(self)
    attachment = volume.attachment
    block = instance.block_device_mapping[device]
    attachment.status = block.status = "attaching"

    def finish() -> None:
        if volume.attachment is not attachment or attachment.status != "attaching":
            return
        attachment.status = "attached"
        block.status = "in-use"
        report(volume, "attached", instance.id, device)

    clock.after(settings.attaching_ms, finish)
    return answer


def detach_volume(self: ElasticBlockStore) -> ActionResult:
    volume = find_volume(self)
    attachment = volume.attachment
    if attachment is None:
        raise refuse("IncorrectState", f"Volume '{volume.id}' is in the '{volume.status}' state.")
    instance = attachment.instance
    asked = self._get_param("InstanceId") or instance.id
    if asked != instance.id:
        raise refuse("InvalidAttachment.NotFound", f"The volume '{volume.id}' is not attached to instance '{asked}'.")
    if attachment.device == instance.root_device_name and instance.state != "stopped":
        raise refuse("OperationNotPermitted", f"Unable to detach root volume '{volume.id}' from instance '{instance.id}'")
    if attachment.status == "detaching":
        raise refuse("IncorrectState", f"Volume '{volume.id}' is in the 'detaching' state.")
    self.error_on_dryrun()
    device = attachment.device
    attachment.status = "detaching"
    instance.block_device_mapping[device].status = "detaching"

    def finish() -> None:
        if volume.attachment is not attachment:
            return
        self.ec2_backend.detach_volume(volume.id, instance.id, device)
        report(volume, "detached", instance.id, device)

    answer = {
        "VolumeId": volume.id,
        "InstanceId": instance.id,
        "Device": device,
        "State": "detaching",
        "AttachTime": attachment.attach_time,
    }
    clock.after(settings.detaching_ms, finish)
    return ActionResult(answer)


def delete_volume(self: ElasticBlockStore) -> EmptyResult:
    volume = find_volume(self)
    if volume.attachment is not None:
        raise refuse("VolumeInUse", f"Volume {volume.id} is currently attached to {volume.attachment.instance.id}")
    if volume.status == "deleting":
        raise refuse("InvalidVolume.NotFound", f"The volume '{volume.id}' does not exist.")
    if volume.status != "available":
        raise refuse("IncorrectState", f"Volume '{volume.id}' is in the '{volume.status}' state.")
    self.error_on_dryrun()
    volume.on_the_way = "deleting"
    backend = self.ec2_backend
    clock.after(settings.deleting_ms, lambda: backend.volumes.pop(volume.id, None))
    return EmptyResult()


def modify_volume(self: ElasticBlockStore) -> ActionResult:
    volume = find_volume(self)
    wanted = self._get_param("Size")
    volume_type = self._get_param("VolumeType") or volume.volume_type
    if volume_type not in SIZES:
        raise refuse("UnknownVolumeType", f"Unknown volume type: {volume_type}")
    if volume.status not in ("available", "in-use"):
        raise refuse("IncorrectState", f"Volume '{volume.id}' is in the '{volume.status}' state.")
    if wanted is not None and int(wanted) < volume.size:
        raise refuse("InvalidParameterValue", f"New size cannot be smaller than existing size: {wanted} < {volume.size}")
    if wanted is not None:
        refuse_size(volume_type, int(wanted))
        refuse_storage(self.ec2_backend, volume_type, int(wanted) - volume.size)
    refuse_soon(volume)
    before = volume.size
    answer = modify_volume_of_moto(self)
    modification = volume.modifications[-1]
    # The volume and its modification as they are asked for; the size is there when optimizing begins.
    modification.begun_at = time.monotonic()
    after, volume.size = volume.size, before

    def finish() -> None:
        volume.size = after
        if volume.attachment:
            report(volume, "resized", volume.attachment.instance.id, volume.attachment.device)

    clock.after(settings.modifying_ms, finish)
    return answer


def refuse_soon(volume: Any) -> None:
    if not volume.modifications:
        return
    last = volume.modifications[-1]
    if last.modification_state != "completed":
        raise refuse("IncorrectModificationState", f"Volume {volume.id} is in the '{last.modification_state}' state of its modification.")
    if (time.monotonic() - last.begun_at) * 1000 < settings.modify_cooldown_ms:
        raise refuse(
            "VolumeModificationRateExceeded",
            "You've reached the maximum modification rate per volume limit. Wait at least 6 hours between "
            "modifications per EBS volume.",
        )


def modification_state(modification: VolumeModification) -> str:
    passed = (time.monotonic() - getattr(modification, "begun_at", 0)) * 1000
    if passed < settings.modifying_ms:
        return "modifying"
    return "optimizing" if passed < settings.modifying_ms + settings.optimizing_ms else "completed"


def modification_progress(modification: VolumeModification) -> int:
    return {"modifying": 0, "optimizing": 50, "completed": 100}[modification.modification_state]


def describe_volumes_modifications(self: ElasticBlockStore) -> ActionResult:
    for volume_id in self._get_param("VolumeIds", []):
        if not self.ec2_backend.get_volume(volume_id).modifications:
            raise refuse("InvalidVolumeModification.NotFound", f"Modification for volume '{volume_id}' does not exist.")
    modifications = describe_modifications_of_moto(self).result["VolumesModifications"]
    # AWS tells of the last one of each volume.
    return ActionResult({"VolumesModifications": list({entry.volume.id: entry for entry in modifications}.values())})


def install() -> None:
    Volume.status = property(status_of)
    VolumeModification.modification_state = property(modification_state)
    VolumeModification.progress = property(modification_progress)
    ElasticBlockStore.create_volume = create_volume
    ElasticBlockStore.attach_volume = attach_volume
    ElasticBlockStore.detach_volume = detach_volume
    ElasticBlockStore.delete_volume = delete_volume
    ElasticBlockStore.modify_volume = modify_volume
    ElasticBlockStore.describe_volumes_modifications = describe_volumes_modifications
