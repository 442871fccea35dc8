"""Instances: tokens, counts, refusals, and states that take their time."""

import base64
import ipaddress
import re
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS, INSTANCE_TYPES
from moto.ec2.models.instances import Instance
from moto.ec2.responses.instances import InstanceResponse

from .quotas import refuse_vcpus
from .tokens import tokens
from .state import clock, emit, hide, made, refuse, settings

STATES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}
USER_DATA_BYTES = 16 * 1024
# AWS keeps the first four addresses of a subnet and the last one.
RESERVED_FIRST = 4

run_instances_of_moto = InstanceResponse.run_instances
modify_attribute_of_moto = InstanceResponse.modify_instance_attribute
terminate_of_moto = Instance.terminate


def set_state(instance: Any, name: str) -> None:
    instance._state.name = name
    instance._state.code = STATES[name]


def state_of(instance: Any) -> dict[str, Any]:
    return {"Code": instance._state.code, "Name": instance._state.name}


def report(instance: Any) -> None:
    """What the machine itself would notice: that it runs, is stopped or is gone; and what it boots with."""
    emit(
        "instance",
        instanceId=instance.id,
        state=instance.state,
        privateIpAddress=instance.private_ip,
        userData=str(instance.user_data or ""),
        region=instance.region_name,
    )


def settle(instance: Any, delay_ms: float, on_the_way: str, settled: str) -> None:
    """The state changes now, and again later, unless another request has come since."""
    set_state(instance, on_the_way)
    instance.change_number = getattr(instance, "change_number", 0) + 1
    number = instance.change_number

    def finish() -> None:
        if instance.change_number != number:
            return
        if settled == "terminated":
            end(instance)
        elif settled == "running":
            # Calls moto's own, for its network interfaces; the state is then what it shall be.
            instance.start()
        else:
            instance.stop()
        set_state(instance, settled)
        report(instance)

    clock.after(delay_ms, finish)


def end(instance: Any) -> None:
    attached = [block.volume_id for block in instance.block_device_mapping.values() if not block.delete_on_termination]
    # A network interface that was made with its instance ends with it; moto keeps it, and its address.
    for interface in instance.nics.values():
        interface.delete_on_termination = True
    terminate_of_moto(instance)
    # Moto frees an address only when Python forgets the instance; AWS when the instance ends.
    subnet = instance.ec2_backend.get_subnet(instance.subnet_id)
    for address in list(instance._private_ips):
        subnet.del_subnet_ip(address)
    instance._private_ips.clear()
    for volume_id in attached:
        emit("volume", volumeId=volume_id, instanceId=instance.id, state="detached", device="", sizeGiB=0)


def run_instances(self: InstanceResponse) -> ActionResult:
    minimum = int(self._get_param("MinCount", 1))
    maximum = int(self._get_param("MaxCount", 1))
    if minimum > maximum or minimum < 1:
        raise refuse("InvalidParameterValue", f"Invalid value '{minimum}' for minCount: must be from 1 to maxCount ({maximum})")
    token = self._get_param("ClientToken")
    zone = find_zone(self)
    scope = ("RunInstances", self.current_account, self.region, zone)

    def make() -> Any:
        refuse_request(self, zone)
        self.error_on_dryrun()
        count = find_count(self, zone, minimum, maximum)
        return make_instances(self, token, count)

    reservation = tokens.once(scope, token, self.params, make)
    if token and all(instance.state == "terminated" for instance in reservation.instances):
        raise refuse(
            "IdempotentInstanceTerminated",
            "The request to launch an instance uses the same client token as a previous request for which the "
            "instance has been terminated.",
        )
    return ActionResult(reservation)


def find_zone(self: InstanceResponse) -> str:
    """A token is bound to a zone where the request names one, by its subnet too."""
    subnet_id = self._get_param("SubnetId") or next(
        (nic["SubnetId"] for nic in self._get_param("NetworkInterfaces", []) if "SubnetId" in nic), None
    )
    if subnet_id:
        return self.ec2_backend.get_subnet(subnet_id).availability_zone
    return self._get_param("Placement.AvailabilityZone") or ""


def refuse_request(self: InstanceResponse, zone: str) -> None:
    instance_type = self._get_param("InstanceType", "m1.small")
    if instance_type not in INSTANCE_TYPES:
        raise refuse("InvalidParameterValue", f"Invalid value '{instance_type}' for InstanceType.")
    refuse_type(self, instance_type, zone)
    key_name = self._get_param("KeyName")
    if key_name is not None:
        self.ec2_backend.describe_key_pairs(key_names=[key_name])
    if len(base64.b64decode(self._get_param("UserData") or "")) > USER_DATA_BYTES:
        raise refuse("InvalidParameterValue", "User data is limited to 16384 bytes")
    subnet_id = self._get_param("SubnetId")
    if subnet_id:
        refuse_address(self, self.ec2_backend.get_subnet(subnet_id))


def refuse_type(self: InstanceResponse, instance_type: str, zone: str) -> None:
    if zone and not is_offered(self.region, instance_type, zone):
        raise refuse(
            "Unsupported",
            f"Your requested instance type ({instance_type}) is not supported in your requested Availability Zone ({zone}).",
        )
    images = self.ec2_backend.describe_images(ami_ids=[self._get_param("ImageId")])
    architectures = INSTANCE_TYPES[instance_type]["ProcessorInfo"]["SupportedArchitectures"]
    if images and images[0].architecture not in architectures:
        raise refuse(
            "InvalidParameterValue",
            f"The architecture '{','.join(architectures)}' of the specified instance type does not match the "
            f"architecture '{images[0].architecture}' of the specified AMI.",
        )


def is_offered(region: str, instance_type: str, zone: str) -> bool:
    offers = INSTANCE_TYPE_OFFERINGS["availability-zone"].get(region, [])
    return any(offer["InstanceType"] == instance_type and offer["Location"] == zone for offer in offers)


def refuse_address(self: InstanceResponse, subnet: Any) -> None:
    maximum = int(self._get_param("MaxCount", 1))
    address = self._get_param("PrivateIpAddress")
    if subnet.available_ip_address_count < (1 if address else maximum):
        raise refuse(
            "InsufficientFreeAddressesInSubnet",
            f"There are not enough free addresses in subnet '{subnet.id}' to satisfy the requested number of instances.",
        )
    if not address:
        return
    try:
        position = int(ipaddress.ip_address(address)) - int(subnet.cidr.network_address)
    except ValueError:
        raise refuse("InvalidParameterValue", f"Invalid IPv4 address: {address}") from None
    if ipaddress.ip_address(address) not in subnet.cidr:
        raise refuse("InvalidParameterValue", f"Address {address} does not fall within the subnet's address range")
    if position < RESERVED_FIRST or position == subnet.cidr.num_addresses - 1:
        raise refuse("InvalidParameterValue", f"Address {address} is in subnet's reserved address range")
    if address in subnet._subnet_ips:
        raise refuse("InvalidIPAddress.InUse", f"Address {address} is in use.")


def find_count(self: InstanceResponse, zone: str, minimum: int, maximum: int) -> int:
    """As many as there is room for, up to MaxCount."""
    instance_type = self._get_param("InstanceType", "m1.small")
    rule = next(
        (
            rule
            for rule in settings.capacity
            if rule.get("zone", zone) == zone and rule.get("instanceType", instance_type) == instance_type
        ),
        None,
    )
    count = maximum if rule is None else min(maximum, int(rule["left"]))
    if count < minimum:
        raise refuse(
            "InsufficientInstanceCapacity",
            f"We currently do not have sufficient {instance_type} capacity in the Availability Zone you requested ({zone}).",
        )
    refuse_vcpus(self.ec2_backend, instance_type, count)
    if rule is not None:
        rule["left"] = int(rule["left"]) - count
    return count


def make_instances(self: InstanceResponse, token: str | None, count: int) -> Any:
    backend = self.ec2_backend
    known = set(backend.reservations)
    read = self._get_param
    # Moto makes MinCount instances.
    self._get_param = lambda name, *rest, **more: count if name == "MinCount" else read(name, *rest, **more)
    try:
        reservation = run_instances_of_moto(self).result
    except Exception:
        for reservation_id in set(backend.reservations) - known:
            del backend.reservations[reservation_id]
        raise
    finally:
        self._get_param = read
    for instance in reservation.instances:
        instance.client_token = token or ""
        instance.reservation_id = reservation.id
        for block in instance.block_device_mapping.values():
            hide(backend.volumes[block.volume_id])
        hide(instance)
        made.append(("instance", instance.id, backend))
        settle(instance, settings.pending_ms, "pending", "running")
    return reservation


def find_instances(self: InstanceResponse) -> list[Any]:
    ids = self._get_param("InstanceIds", [])
    refuse_malformed(ids)
    if not ids:
        raise refuse("MissingParameter", "The request must contain the parameter InstanceId")
    return self.ec2_backend.get_multi_instances_by_id(list(dict.fromkeys(ids)))


def refuse_malformed(ids: list[str]) -> None:
    for instance_id in ids:
        if not re.fullmatch(r"i-([0-9a-f]{8}|[0-9a-f]{17})", instance_id):
            raise refuse("InvalidInstanceID.Malformed", f'Invalid id: "{instance_id}"')


def refuse_states(instances: list[Any], wrong: tuple[str, ...], verb: str) -> None:
    for instance in instances:
        if instance.state in wrong:
            raise refuse(
                "IncorrectInstanceState",
                f"The instance '{instance.id}' is not in a state from which it can be {verb}.",
            )


def change_states(self: InstanceResponse, name: str, wrong: tuple[str, ...], verb: str, change: Any) -> ActionResult:
    instances = find_instances(self)
    refuse_states(instances, wrong, verb)
    self.error_on_dryrun()
    answers = []
    for instance in instances:
        before = state_of(instance)
        change(instance)
        answers.append({"InstanceId": instance.id, "CurrentState": state_of(instance), "PreviousState": before})
    return ActionResult({name: answers})


def start_one(instance: Any) -> None:
    if instance.state != "stopped":
        return
    refuse_vcpus(instance.ec2_backend, instance.instance_type, 1)
    settle(instance, settings.pending_ms, "pending", "running")


def stop_one(instance: Any) -> None:
    if instance.state == "running":
        settle(instance, settings.stopping_ms, "stopping", "stopped")


def terminate_one(instance: Any) -> None:
    if instance.state not in ("shutting-down", "terminated"):
        settle(instance, settings.shutting_down_ms, "shutting-down", "terminated")


def start_instances(self: InstanceResponse) -> ActionResult:
    return change_states(self, "StartingInstances", ("stopping", "shutting-down", "terminated"), "started", start_one)


def stop_instances(self: InstanceResponse) -> ActionResult:
    return change_states(self, "StoppingInstances", ("pending", "shutting-down", "terminated"), "stopped", stop_one)


def terminate_instances(self: InstanceResponse) -> ActionResult:
    return change_states(self, "TerminatingInstances", (), "terminated", terminate_one)


def reboot_instances(self: InstanceResponse) -> EmptyResult:
    instances = find_instances(self)
    refuse_states(instances, ("pending", "stopping", "stopped", "shutting-down", "terminated"), "rebooted")
    self.error_on_dryrun()
    for instance in instances:
        emit("instance", instanceId=instance.id, state="rebooted", privateIpAddress=instance.private_ip, userData="", region=self.region)
    return EmptyResult()


def modify_instance_attribute(self: InstanceResponse) -> ActionResult:
    instance_id = self._get_param("InstanceId")
    refuse_malformed([instance_id])
    instance = self.ec2_backend.get_instance(instance_id)
    wanted = self._get_param("InstanceType.Value")
    if wanted is None and self._get_param("Attribute") == "instanceType":
        wanted = self._get_param("Value")
    offline = wanted is not None or self._get_param("UserData.Value") is not None
    if offline and instance.state != "stopped":
        raise refuse("IncorrectInstanceState", f"The instance '{instance_id}' is not in the 'stopped' state.")
    if wanted is not None:
        refuse_new_type(self, instance, wanted)
    return modify_attribute_of_moto(self)


def refuse_new_type(self: InstanceResponse, instance: Any, wanted: str) -> None:
    if wanted not in INSTANCE_TYPES:
        raise refuse("InvalidInstanceAttributeValue", f"The instanceType attribute value '{wanted}' is invalid")
    if not is_offered(self.region, wanted, instance.availability_zone):
        raise refuse(
            "Unsupported",
            f"Your requested instance type ({wanted}) is not supported in your requested Availability Zone "
            f"({instance.availability_zone}).",
        )
    if instance.architecture not in INSTANCE_TYPES[wanted]["ProcessorInfo"]["SupportedArchitectures"]:
        raise refuse(
            "InvalidParameterCombination",
            f"The architecture '{instance.architecture}' of the instance does not match the instance type '{wanted}'.",
        )


def install() -> None:
    InstanceResponse.run_instances = run_instances
    InstanceResponse.start_instances = start_instances
    InstanceResponse.stop_instances = stop_instances
    InstanceResponse.terminate_instances = terminate_instances
    InstanceResponse.reboot_instances = reboot_instances
    InstanceResponse.modify_instance_attribute = modify_instance_attribute
