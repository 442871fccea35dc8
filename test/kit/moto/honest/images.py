"""Images: the disks that they bring, and what a launch changes of them."""

from copy import deepcopy
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.amis import Ami
from moto.ec2.responses.amis import AmisResponse
from moto.ec2.responses.instances import InstanceResponse

from .state import refuse

DISK = {"DeleteOnTermination": False, "Encrypted": False, "VolumeType": "gp2"}

mappings_of_moto = Ami.block_device_mappings
parse_mappings_of_moto = InstanceResponse._parse_block_device_mapping
register_of_moto = AmisResponse.register_image


def register_image(self: AmisResponse) -> ActionResult:
    """Moto forgets the root device and the disks that an image is registered with."""
    result = register_of_moto(self)
    image = self.ec2_backend.amis[result.result["ImageId"]]
    image.architecture = self._get_param("Architecture") or "x86_64"
    image.root_device_name = self._get_param("RootDeviceName") or image.root_device_name
    mappings = self._get_param("BlockDeviceMappings", [])
    for mapping in mappings:
        if "Ebs" in mapping and not mapping["Ebs"].get("SnapshotId") and not mapping["Ebs"].get("VolumeSize"):
            raise refuse("MissingParameter", "The request must contain the parameter size or snapshotId")
    if mappings:
        image.given_mappings = [complete(self, mapping) for mapping in mappings]
    return result


def complete(self: Any, mapping: dict[str, Any]) -> dict[str, Any]:
    """As AWS shows it: with the size of its snapshot, and with what holds where nothing is said."""
    if "Ebs" not in mapping:
        return dict(mapping)
    disk = {**DISK, **mapping["Ebs"]}
    if disk.get("SnapshotId") and not disk.get("VolumeSize"):
        disk["VolumeSize"] = self.ec2_backend.snapshots[disk["SnapshotId"]].volume.size
    return {"DeviceName": mapping["DeviceName"], "Ebs": disk}


def block_device_mappings(self: Ami) -> list[dict[str, Any]]:
    given = getattr(self, "given_mappings", None)
    return deepcopy(given) if given is not None else mappings_of_moto.fget(self)


def parse_block_device_mapping(self: InstanceResponse) -> list[dict[str, Any]]:
    """The image's disks, each as the launch has it: what that does not name is as the image says."""
    image = self.ec2_backend.amis.get(self._get_param("ImageId"))
    given = getattr(image, "given_mappings", None)
    if given is None:
        return parse_mappings_of_moto(self)
    merged = {mapping["DeviceName"]: deepcopy(mapping) for mapping in given}
    for mapping in self._get_param("BlockDeviceMappings", []):
        device = mapping["DeviceName"]
        if "NoDevice" in mapping:
            merged.pop(device, None)
        elif "Ebs" in mapping:
            before = merged.get(device, {}).get("Ebs", DISK)
            merged[device] = complete(self, {"DeviceName": device, "Ebs": {**before, **mapping["Ebs"]}})
        else:
            merged[device] = mapping
    # Disks of the machine itself are no volumes; moto would make some of them.
    return [mapping for mapping in merged.values() if "Ebs" in mapping]


def machine_devices(instance: Any) -> set[str]:
    """Names that the image gives to disks of the machine itself: taken, and shown nowhere."""
    image = instance.ec2_backend.amis.get(instance.image_id)
    given = getattr(image, "given_mappings", None) or []
    return {mapping["DeviceName"] for mapping in given if "VirtualName" in mapping}


def install() -> None:
    AmisResponse.register_image = register_image
    Ami.block_device_mappings = property(block_device_mappings)
    InstanceResponse._parse_block_device_mapping = parse_block_device_mapping
