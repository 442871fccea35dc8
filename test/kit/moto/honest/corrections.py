"""Puts the corrections in, and removes those that a test wants to be without."""

import sys
from typing import Any

import moto.ec2.utils as utils
from moto.ec2.models import EC2Backend
from moto.ec2.models.amis import Ami
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.models.elastic_block_store import Volume, VolumeModification
from moto.ec2.responses.amis import AmisResponse
from moto.ec2.responses.elastic_block_store import ElasticBlockStore
from moto.ec2.responses.instances import InstanceResponse
from moto.iam.access_control import IAMRequest
from moto.servicequotas.models import ServiceQuotasBackend
from moto.servicequotas.responses import ServiceQuotasResponse

OWNERS: dict[str, Any] = {
    "utils": utils,
    **{
        owner.__name__: owner
        for owner in (
            Ami,
            AmisResponse,
            EC2Backend,
            ElasticBlockStore,
            IAMRequest,
            InstanceResponse,
            ServiceQuotasBackend,
            ServiceQuotasResponse,
            TaggedEC2Resource,
            Volume,
            VolumeModification,
        )
    },
}
ABSENT = object()


def install(parts: tuple[Any, ...], without: list[str]) -> None:
    before = {name: dict(vars(owner)) for name, owner in OWNERS.items()}
    for part in parts:
        part.install()
    if not without:
        return
    changed = {
        f"{name}.{attribute}": (owner, attribute, before[name].get(attribute, ABSENT))
        for name, owner in OWNERS.items()
        for attribute, value in dict(vars(owner)).items()
        if before[name].get(attribute, ABSENT) is not value
    }
    left_out = [name for name in changed if name in without or "*" in without]
    for name in left_out:
        owner, attribute, value = changed[name]
        if value is ABSENT:
            delattr(owner, attribute)
        else:
            setattr(owner, attribute, value)
    print(f"moto without {', '.join(left_out)}; it could also be without {', '.join(sorted(changed))}", file=sys.stderr)
