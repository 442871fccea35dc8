"""Client tokens, which moto stores and shows and does not honour."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from .state import refuse

LONGEST = 64


class Tokens:
    """What each token made, for good: a token stays bound when its resource is gone."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], tuple[str, Any]] = {}

    def once(self, scope: tuple[str, ...], token: str | None, arguments: dict[str, Any], make: Callable[[], Any]) -> Any:
        """What the token made before, else what `make` makes now; a failure binds nothing."""
        if not token:
            return make()
        if len(token) > LONGEST or not token.isascii():
            raise refuse("InvalidParameterValue", f"Invalid value '{token}' for clientToken: at most 64 ASCII characters")
        key = (*scope, token)
        fingerprint = _fingerprint(arguments)
        if key not in self._known:
            self._known[key] = (fingerprint, make())
        known, made = self._known[key]
        if known != fingerprint:
            raise refuse(
                "IdempotentParameterMismatch",
                "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).",
            )
        return made

    def forget(self) -> None:
        self._known.clear()


tokens = Tokens()


def _fingerprint(arguments: dict[str, Any]) -> str:
    told = {name: value for name, value in arguments.items() if name not in ("ClientToken", "DryRun")}
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()
