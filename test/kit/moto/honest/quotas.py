"""Quotas of EC2 and EBS, which moto's Service Quotas lacks, and the refusals that follow from them."""

import json
from typing import Any

from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.servicequotas.exceptions import NoSuchResource
from moto.servicequotas.models import ServiceQuotasBackend
from moto.servicequotas.resources.default_quotas.vpc import VPC_DEFAULT_QUOTAS
from moto.servicequotas.responses import ServiceQuotasResponse

from .state import refuse, settings

# code: (name, prefixes of the instance types that count against it, default in vCPUs)
VCPU_QUOTAS: dict[str, tuple[str, tuple[str, ...], float]] = {
    "L-DB2E81BA": ("Running On-Demand G and VT instances", ("g", "vt"), 64),
    "L-417A185B": ("Running On-Demand P instances", ("p",), 64),
    "L-74FC7D96": ("Running On-Demand F instances", ("f",), 64),
    "L-7295265B": ("Running On-Demand X instances", ("x",), 64),
    "L-1945791B": ("Running On-Demand Inf instances", ("inf",), 64),
    "L-2C3B7624": ("Running On-Demand Trn instances", ("trn",), 64),
    "L-6E869C2A": ("Running On-Demand DL instances", ("dl",), 64),
    "L-43DA4232": ("Running On-Demand High Memory instances", ("u-", "u7"), 448),
    "L-F7808C92": ("Running On-Demand HPC instances", ("hpc",), 192),
    "L-1216C47A": (
        "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances",
        ("a", "c", "d", "h", "i", "m", "r", "t", "z"),
        1152,
    ),
}

# code: (name, volume type, default in TiB)
STORAGE_QUOTAS: dict[str, tuple[str, str, float]] = {
    "L-D18FCD1D": ("Storage for General Purpose SSD (gp2) volumes, in TiB", "gp2", 50),
    "L-7A658B76": ("Storage for General Purpose SSD (gp3) volumes, in TiB", "gp3", 50),
    "L-FD252861": ("Storage for Provisioned IOPS SSD (io1) volumes, in TiB", "io1", 50),
    "L-09BD8365": ("Storage for Provisioned IOPS SSD (io2) volumes, in TiB", "io2", 20),
    "L-82ACEF56": ("Storage for Throughput Optimized HDD (st1) volumes, in TiB", "st1", 50),
    "L-17AF77E8": ("Storage for Cold HDD (sc1) volumes, in TiB", "sc1", 50),
    "L-9CF3C2EB": ("Storage for Magnetic (standard) volumes, in TiB", "standard", 50),
}

GIB_PER_TIB = 1024


def find_vcpu_quota(instance_type: str) -> str:
    """The code of the quota that a type counts against: the longest prefix decides."""
    found = [
        (len(prefix), code)
        for code, (_, prefixes, _) in VCPU_QUOTAS.items()
        for prefix in prefixes
        if instance_type.startswith(prefix)
    ]
    return max(found)[1] if found else "L-1216C47A"


def read_quota(code: str) -> float:
    default = VCPU_QUOTAS[code][2] if code in VCPU_QUOTAS else STORAGE_QUOTAS[code][2]
    return settings.quotas.get(code, default)


def count_vcpus(instance_type: str) -> int:
    return INSTANCE_TYPES[instance_type]["VCpuInfo"]["DefaultVCpus"]


def refuse_vcpus(backend: Any, instance_type: str, count: int) -> None:
    """Running instances count, stopped ones do not."""
    code = find_vcpu_quota(instance_type)
    used = sum(
        count_vcpus(instance.instance_type)
        for reservation in backend.reservations.values()
        for instance in reservation.instances
        if instance.state in ("pending", "running", "stopping") and find_vcpu_quota(instance.instance_type) == code
    )
    limit = read_quota(code)
    if limit < 0:
        return
    if used + count * count_vcpus(instance_type) > limit:
        raise refuse(
            "VcpuLimitExceeded",
            f"You have requested more vCPU capacity than your current vCPU limit of {limit:g} allows for the "
            "instance bucket that the specified instance type belongs to.",
        )


def refuse_storage(backend: Any, volume_type: str, more_gib: int) -> None:
    for code, (_, counted, _) in STORAGE_QUOTAS.items():
        if counted != volume_type:
            continue
        used = sum(volume.size for volume in backend.volumes.values() if volume.volume_type == volume_type)
        if used + more_gib > read_quota(code) * GIB_PER_TIB:
            raise refuse("VolumeLimitExceeded", "You have exceeded your maximum gp volume limit for this account and region.")


def _quota(service: str, code: str, name: str) -> dict[str, Any]:
    return {
        "ServiceCode": service,
        "ServiceName": "Amazon Elastic Compute Cloud (Amazon EC2)" if service == "ec2" else "Amazon Elastic Block Store (Amazon EBS)",
        "QuotaCode": code,
        "QuotaName": name,
        "Value": read_quota(code),
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }


def list_quotas(service: str) -> list[dict[str, Any]]:
    if service == "ec2":
        return [_quota(service, code, name) for code, (name, _, _) in VCPU_QUOTAS.items()]
    if service == "ebs":
        return [_quota(service, code, name) for code, (name, _, _) in STORAGE_QUOTAS.items()]
    if service == "vpc":
        return VPC_DEFAULT_QUOTAS
    raise NoSuchResource


def install() -> None:
    def get_service_quota(self: ServiceQuotasBackend, service_code: str, quota_code: str) -> dict[str, Any]:
        for quota in list_quotas(service_code):
            # A negative value stands for a quota that this region does not know.
            if quota["QuotaCode"] == quota_code and quota["Value"] >= 0:
                return quota
        raise NoSuchResource

    def list_service_quotas(self: ServiceQuotasResponse) -> str:
        return json.dumps({"Quotas": list_quotas(str(json.loads(self.body).get("ServiceCode")))})

    ServiceQuotasBackend.get_service_quota = get_service_quota
    ServiceQuotasBackend.list_aws_default_service_quotas = lambda self, service_code: list_quotas(service_code)
    ServiceQuotasResponse.list_service_quotas = list_service_quotas
