"""Who may do what: signatures and policies, in EC2's own words, switched on and off while it runs."""

import json
from typing import Any

from moto import settings as moto_settings
from moto.core.exceptions import _RESTError
from moto.core.responses import ActionAuthenticatorMixin
from moto.iam.access_control import IAMRequest
from moto.iam.models import iam_backends

from .state import ACCOUNT, settings

# What a request needs besides the permission of its own name.
TAGGED_CREATES = ("RunInstances", "CreateVolume", "CreateSecurityGroup", "ImportKeyPair", "CreateKeyPair")


class UnauthorizedOperation(_RESTError):
    code = 403

    def __init__(self, arn: str, action: str) -> None:
        super().__init__(
            "UnauthorizedOperation",
            f"You are not authorized to perform this operation. User: {arn} is not authorized to perform: {action} "
            "because no identity-based policy allows the action",
        )


check_of_moto = IAMRequest.check_action_permitted
trusts_of_moto = IAMRequest._check_role_trust_relationship
deny_of_moto = IAMRequest._raise_access_denied


def deny(self: IAMRequest) -> None:
    if self._service == "ec2":
        raise UnauthorizedOperation(self._access_key.arn, self._action)
    deny_of_moto(self)


def check_action_permitted(self: IAMRequest, resource: str) -> None:
    check_of_moto(self, resource)
    operation = self._action.split(":")[1]
    told = self._data if isinstance(self._data, dict) else {}
    if operation not in TAGGED_CREATES or not any(str(name).startswith("TagSpecification") for name in told):
        return
    own, self._action = self._action, "ec2:CreateTags"
    try:
        check_of_moto(self, resource)
    finally:
        self._action = own


def trusts(self: IAMRequest, role_arn: str) -> bool:
    """Moto takes a condition for met where the request says nothing about it."""
    if not trusts_of_moto(self, role_arn):
        return False
    role = self.backend.get_role_by_arn(role_arn)
    given = self._data.get("ExternalId")
    given = given[0] if isinstance(given, list) else given
    for statement in json.loads(role.assume_role_policy_document)["Statement"]:
        wanted = statement.get("Condition", {}).get("StringEquals", {}).get("sts:ExternalId")
        if wanted is not None and given not in ([wanted] if isinstance(wanted, str) else wanted):
            return False
    return True


def switch() -> None:
    """Follows the setting `authentication`."""
    moto_settings.INITIAL_NO_AUTH_ACTION_COUNT = 0.0 if settings.authentication else float("inf")
    ActionAuthenticatorMixin.request_count = 0


def create_user(name: str, policy: dict[str, Any]) -> dict[str, str]:
    """A user with one policy and a key pair of his own."""
    backend = iam_backends[ACCOUNT]["aws"]
    if name not in backend.users:
        backend.create_user("us-east-1", name)
    backend.put_user_policy(name, "given", json.dumps(policy))
    key = backend.create_access_key(name)
    return {"accessKeyId": key.access_key_id, "secretAccessKey": key.secret_access_key}


def change_policy(name: str, policy: dict[str, Any]) -> None:
    iam_backends[ACCOUNT]["aws"].put_user_policy(name, "given", json.dumps(policy))


def create_role(name: str, trust: dict[str, Any], policy: dict[str, Any]) -> dict[str, str]:
    """A role with one policy; its ARN."""
    backend = iam_backends[ACCOUNT]["aws"]
    role = backend.create_role(
        role_name=name,
        assume_role_policy_document=json.dumps(trust),
        path="/",
        permissions_boundary=None,
        description="",
        tags=[],
        max_session_duration="3600",
    )
    backend.put_role_policy(name, "given", json.dumps(policy))
    return {"roleArn": role.arn}


def install() -> None:
    IAMRequest._raise_access_denied = deny
    IAMRequest.check_action_permitted = check_action_permitted
    IAMRequest._check_role_trust_relationship = trusts
    switch()
