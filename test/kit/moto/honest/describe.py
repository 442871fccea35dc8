"""Describe calls: what is not seen yet, filters, limits and pages."""

import fnmatch
from typing import Any

import moto.ec2.utils as utils
from moto.core.responses import ActionResult
from moto.ec2.exceptions import InvalidInstanceIdError, InvalidVolumeIdError
from moto.ec2.models import EC2Backend
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.responses.elastic_block_store import ElasticBlockStore
from moto.ec2.responses.instances import InstanceResponse

from .instances import refuse_malformed
from .state import is_hidden, refuse

MOST_IDS = 1000
MOST_FILTER_VALUES = 200
FEWEST_A_PAGE, MOST_A_PAGE = 5, 1000

all_reservations_of_moto = EC2Backend.all_reservations
get_volume_of_moto = EC2Backend.get_volume
describe_volumes_of_moto = EC2Backend.describe_volumes
passes_of_moto = utils.passes_filter_dict

# Filters of DescribeInstances at which moto answers with status 500.
MORE_FILTERS = {
    "client-token": lambda instance: [instance.client_token],
    "reservation-id": lambda instance: [instance.reservation_id],
    "instance-state-code": lambda instance: [str(instance.state_code)],
    "launch-time": lambda instance: [utils.format_timestamp(instance.launch_time)],
    "block-device-mapping.volume-id": lambda instance: [block.volume_id for block in instance.block_device_mapping.values()],
}


def passes_filter_dict(instance: Any, filters: dict[str, Any]) -> bool:
    rest = {}
    for name, wanted in filters.items():
        if name not in MORE_FILTERS:
            rest[name] = wanted
        elif not any(fnmatch.fnmatchcase(value, pattern) for value in MORE_FILTERS[name](instance) for pattern in wanted):
            return False
    return passes_of_moto(instance, rest)


def all_reservations(self: EC2Backend, filters: Any = None) -> list[Any]:
    reservations = all_reservations_of_moto(self)
    for reservation in reservations:
        reservation.instances = [instance for instance in reservation.instances if not is_hidden(instance)]
    reservations = [reservation for reservation in reservations if reservation.instances]
    return reservations if filters is None else utils.filter_reservations(reservations, filters)


def get_volume(self: EC2Backend, volume_id: str) -> Any:
    volume = get_volume_of_moto(self, volume_id)
    if is_hidden(volume):
        raise InvalidVolumeIdError(volume_id)
    return volume


def describe_volumes(self: EC2Backend, volume_ids: list[str] | None = None, filters: Any = None) -> list[Any]:
    wanted = set(volume_ids or [])
    seen = {volume.id for volume in self.volumes.values() if not is_hidden(volume)}
    if wanted - seen:
        raise InvalidVolumeIdError(sorted(wanted - seen)[0])
    found = [volume for volume in describe_volumes_of_moto(self, None, filters) if volume.id in seen]
    return [volume for volume in found if volume.id in wanted] if wanted else found


def refuse_limits(self: Any, ids: list[str]) -> None:
    if len(ids) > MOST_IDS:
        raise refuse("InvalidParameterValue", f"{len(ids)} ids in one request; at most {MOST_IDS}")
    for entry in self._get_param("Filters", []):
        if len(entry.get("Values", [])) > MOST_FILTER_VALUES:
            raise refuse("FilterLimitExceeded", "The maximum number of filter values specified on a single call is 200")
    size = self._get_param("MaxResults")
    if size is None:
        return
    if ids:
        raise refuse("InvalidParameterCombination", "The parameter maxResults cannot be used together with ids in the request")
    if not FEWEST_A_PAGE <= int(size) <= MOST_A_PAGE:
        raise refuse("InvalidParameterValue", f"Value ( {size} ) for parameter maxResults is invalid. Expecting a value from 5 to 1000.")


def page(self: Any, found: list[Any], ids: list[str]) -> tuple[list[Any], str | None]:
    """A page, and the token of the next: the id of the last that was told."""
    if ids:
        return found, None
    size = int(self._get_param("MaxResults", MOST_A_PAGE))
    token = self._get_param("NextToken")
    begin = 0
    if token is not None:
        begin = next((index + 1 for index, entry in enumerate(found) if entry.id == token), len(found))
    told = found[begin : begin + size]
    return told, told[-1].id if begin + size < len(found) else None


def describe_instances(self: InstanceResponse) -> ActionResult:
    ids = list(dict.fromkeys(self._get_param("InstanceIds", [])))
    refuse_limits(self, ids)
    refuse_malformed(ids)
    self.error_on_dryrun()
    reservations = self.ec2_backend.all_reservations()
    if ids:
        known = {instance.id for reservation in reservations for instance in reservation.instances}
        unknown = [instance_id for instance_id in ids if instance_id not in known]
        if unknown:
            raise InvalidInstanceIdError(unknown)
        wanted = set(ids)
        for reservation in reservations:
            reservation.instances = [instance for instance in reservation.instances if instance.id in wanted]
        reservations = [reservation for reservation in reservations if reservation.instances]
    filters = self._filters_from_querystring()
    for name in filters:
        if name not in MORE_FILTERS and name not in utils.filter_dict_attribute_mapping and not utils.is_tag_filter(name):
            raise refuse("InvalidParameterValue", f"The filter '{name}' is invalid")
    told, token = page(self, utils.filter_reservations(reservations, filters), ids)
    return ActionResult({"Reservations": told, "NextToken": token})


def describe_volumes_page(self: ElasticBlockStore) -> ActionResult:
    ids = self._get_param("VolumeIds", [])
    refuse_limits(self, ids)
    found = self.ec2_backend.describe_volumes(volume_ids=ids, filters=self._filters_from_querystring())
    told, token = page(self, found, ids)
    return ActionResult({"Volumes": told, "NextToken": token})


def get_tags(self: TaggedEC2Resource) -> list[dict[str, str]]:
    # Moto searches the tags of everything for those of each resource.
    return [{"key": key, "value": value} for key, value in self.ec2_backend.tags.get(self.id, {}).items()]


def install() -> None:
    utils.passes_filter_dict = passes_filter_dict
    TaggedEC2Resource.get_tags = get_tags
    EC2Backend.all_reservations = all_reservations
    EC2Backend.get_volume = get_volume
    EC2Backend.describe_volumes = describe_volumes
    InstanceResponse.describe_instances = describe_instances
    ElasticBlockStore.describe_volumes = describe_volumes_page
