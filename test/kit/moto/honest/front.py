"""What stands before moto: a log of requests, settings that change while it runs, and the oracle."""

import io
import json
import os
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from moto.ec2.models import ec2_backends
from moto.ec2.models.instance_types import INSTANCE_TYPES

from . import access
from .instances import terminate_one
from .tokens import tokens
from .state import ACCOUNT, asking, clock, lock, made, settings

# EC2 counts these among the errors of the server; moto answers every error with 400.
SERVER_ERRORS = {"InsufficientInstanceCapacity": "500 Internal Server Error"}


class Front:
    """The WSGI application."""

    def __init__(self, moto: Callable[..., Iterable[bytes]]) -> None:
        self._moto = moto
        self._requests: list[dict[str, Any]] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if path.startswith("/kit/"):
            return self._control(path.removeprefix("/kit/"), body, start_response)
        return self._serve(environ, body, start_response)

    def _serve(self, environ: dict[str, Any], body: bytes, start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["wsgi.input"] = io.BytesIO(body)
        if settings.latency_ms > 0:
            time.sleep(settings.latency_ms / 1000)
        begun: list[Any] = []
        with lock:
            asking.client, asking.afterwards = True, []
            try:
                answer = b"".join(self._moto(environ, lambda *told: begun.append(told)))
            finally:
                asking.client = False
            for action in asking.afterwards:
                action()
            status, headers, *rest = begun[-1]
            code = find_error_code(answer)
            status = SERVER_ERRORS.get(code or "", status)
            self._requests.append(
                {
                    **describe_request(environ, body),
                    "status": int(status.split(" ")[0]),
                    "errorCode": code if int(status.split(" ")[0]) >= 400 else None,
                }
            )
        start_response(status, headers, *rest)
        return [answer]

    def _control(self, name: str, body: bytes, start_response: Callable[..., Any]) -> Iterable[bytes]:
        given = json.loads(body) if body else {}
        with lock:
            answer = self._answer(name, given)
        text = json.dumps(answer).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(text)))])
        return [text]

    def _answer(self, name: str, given: dict[str, Any]) -> Any:
        if name == "requests":
            return self._requests
        if name == "forget-requests":
            self._requests = []
            return {}
        if name == "settings":
            settings.change(given)
            access.switch()
            return {}
        if name == "hurry":
            clock.hurry()
            return {}
        if name == "made":
            return [{"kind": kind, "id": id, "tags": dict(backend.tags.get(id, {}))} for kind, id, backend in made]
        if name == "resources":
            return list_resources()
        if name == "destroy":
            for backend in ec2_backends[ACCOUNT].values():
                for instance in backend.all_instances():
                    if instance.id == given["instanceId"]:
                        terminate_one(instance)
            return {}
        if name == "user":
            return access.create_user(given["name"], given["policy"])
        if name == "policy":
            access.change_policy(given["name"], given["policy"])
            return {}
        if name == "role":
            return access.create_role(given["name"], given["trust"], given["policy"])
        if name == "reset":
            clock.forget()
            tokens.forget()
            made.clear()
            self._requests = []
            for backend in list(ec2_backends[ACCOUNT].values()):
                empty(backend)
            return {}
        raise ValueError(f"nothing is named {name}")


def empty(backend: Any) -> None:
    """As moto's own reset, but the images, which take moto a second to read, are kept."""
    images = backend.amis
    os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
    try:
        backend.reset()
    finally:
        del os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"]
    backend.amis = images


def describe_request(environ: dict[str, Any], body: bytes) -> dict[str, Any]:
    authorization = environ.get("HTTP_AUTHORIZATION", "")
    scope = authorization.partition("Credential=")[2].split(",")[0].split("/")
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    action = target.split(".")[-1] or parse_qs(body.decode("utf-8", "replace")).get("Action", [""])[0]
    return {
        "service": scope[3] if len(scope) > 3 else "",
        "region": scope[2] if len(scope) > 2 else "",
        "accessKeyId": scope[0],
        "operation": action,
        "tagged": b"TagSpecification." in body,
        "userAgent": environ.get("HTTP_USER_AGENT", ""),
    }


def find_error_code(answer: bytes) -> str | None:
    if b"<Code>" not in answer:
        return None
    return answer.split(b"<Code>")[1].split(b"</Code>")[0].decode("utf-8", "replace")


def list_resources() -> dict[str, Any]:
    """Everything there is, also what clients do not see yet; nothing that is gone."""
    instances = []
    volumes = []
    for region, backend in ec2_backends[ACCOUNT].items():
        roots = set()
        for reservation in backend.reservations.values():
            for instance in reservation.instances:
                roots.update(
                    block.volume_id
                    for device, block in instance.block_device_mapping.items()
                    if device == instance.root_device_name or block.delete_on_termination
                )
                if instance.state != "terminated":
                    instances.append(describe_instance(backend, instance, region))
        volumes += [
            describe_volume(backend, volume, region, volume.id in roots) for volume in backend.volumes.values()
        ]
    return {"instances": instances, "volumes": volumes}


def describe_instance(backend: Any, instance: Any, region: str) -> dict[str, Any]:
    kind = INSTANCE_TYPES.get(instance.instance_type)
    return {
        "instanceId": instance.id,
        "region": region,
        "state": instance.state,
        "instanceType": instance.instance_type,
        "cpu": kind["VCpuInfo"]["DefaultVCpus"] if kind else 0,
        "memoryMiB": kind["MemoryInfo"]["SizeInMiB"] if kind else 0,
        "clientToken": instance.client_token,
        "tags": dict(backend.tags.get(instance.id, {})),
        "privateIpAddress": instance.private_ip,
        "subnetId": instance.subnet_id,
        "userData": str(instance.user_data or ""),
        "httpTokens": instance.metadata_options.http_tokens,
        "volumes": [
            {"device": device, "volumeId": block.volume_id} for device, block in instance.block_device_mapping.items()
        ],
    }


def describe_volume(backend: Any, volume: Any, region: str, root: bool) -> dict[str, Any]:
    attachment = volume.attachment
    return {
        "volumeId": volume.id,
        "region": region,
        "state": volume.status,
        "attachmentState": attachment.status if attachment else None,
        "instanceId": attachment.instance.id if attachment else None,
        "device": attachment.device if attachment else None,
        "sizeGiB": volume.size,
        "volumeType": volume.volume_type,
        "encrypted": volume.encrypted,
        "zone": volume.zone.name,
        "tags": dict(backend.tags.get(volume.id, {})),
        # Made with an instance and ended with it.
        "root": root,
    }
