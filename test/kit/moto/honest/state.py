"""What all corrections share: settings, one lock, a clock for states, and what is told outside."""

import heapq
import itertools
import json
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.ec2.exceptions import EC2ClientError

# Everything that looks at or changes the cloud holds this: a token is looked up and bound in one step.
lock = threading.RLock()

# Set while a client's request is served: the clock and the oracle see what clients do not yet see.
asking = threading.local()

ACCOUNT = DEFAULT_ACCOUNT_ID


class Settings:
    """Times are milliseconds; all are 0 but the rule of six hours, so that states change at once."""

    def __init__(self) -> None:
        self.pending_ms = 0
        self.stopping_ms = 0
        self.shutting_down_ms = 0
        self.creating_ms = 0
        self.attaching_ms = 0
        self.detaching_ms = 0
        self.deleting_ms = 0
        self.modifying_ms = 0
        self.optimizing_ms = 0
        self.modify_cooldown_ms = 6 * 60 * 60 * 1000
        self.visible_after_ms = 0
        self.latency_ms = 0
        # By quota code; what is absent has the default of quotas.py.
        self.quotas: dict[str, float] = {}
        # [{"zone": …, "instanceType": …, "left": N}]: how many instances are left; either may be absent.
        self.capacity: list[dict[str, Any]] = []
        self.authentication = False

    def change(self, values: dict[str, Any]) -> None:
        for name, value in values.items():
            attribute = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
            if not hasattr(self, attribute):
                raise ValueError(f"no setting is named {name}")
            setattr(self, attribute, value)


settings = Settings()


def refuse(code: str, message: str) -> EC2ClientError:
    """The error of an EC2 call; to be raised."""
    return EC2ClientError(code, message)


_events = itertools.count(1)


def emit(event: str, **facts: Any) -> None:
    """One line of JSON on standard output: what a machine or a disk would notice."""
    line = json.dumps({"event": event, "number": next(_events), **facts})
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Clock:
    """Does things later, one at a time, under the lock."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._changed = threading.Condition(lock)
        threading.Thread(target=self._run, daemon=True).start()

    def after(self, delay_ms: float, action: Callable[[], None]) -> None:
        """Where there is no delay: as soon as the answer is written, which says what has begun."""
        if delay_ms <= 0:
            if getattr(asking, "client", False):
                asking.afterwards.append(action)
            else:
                action()
            return
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + delay_ms / 1000, next(self._order), action))
            self._changed.notify()

    def forget(self) -> None:
        with self._changed:
            self._due.clear()

    def hurry(self) -> None:
        """Does now what is due later; what begins by that takes its time again."""
        with self._changed:
            due, self._due = sorted(self._due), []
            for _, _, action in due:
                action()

    def _run(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                while self._due and self._due[0][0] <= now:
                    heapq.heappop(self._due)[2]()
                self._changed.wait(self._due[0][0] - now if self._due else None)


clock = Clock()


# Everything that was ever made, in order: (kind, id, backend). What is gone stays in it.
made: list[tuple[str, str, Any]] = []


def hide(resource: Any) -> None:
    """Clients do not find what was just made for a while: AWS is eventually consistent."""
    resource.made_at = time.monotonic()
    resource.hidden_ms = settings.visible_after_ms


def is_hidden(resource: Any) -> bool:
    if not getattr(asking, "client", False) or not hasattr(resource, "made_at"):
        return False
    # A shorter time counts at once, so that a test can end the blindness; a longer one hides nothing again.
    hidden_ms = min(resource.hidden_ms, settings.visible_after_ms)
    return time.monotonic() < resource.made_at + hidden_ms / 1000
