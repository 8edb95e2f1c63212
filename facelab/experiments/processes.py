"""Which process a run belongs to, and whether that process still lives: only this machine can tell of its own."""

from __future__ import annotations

import os
import re
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PROCESS = "facelab.process"


@dataclass(frozen=True)
class Owner:
    """A process: the machine, its number, and when it began (s since 1970), since numbers are used again."""

    host: str
    pid: int
    since: float

    @property
    def tags(self) -> dict[str, str]:
        """The process as a tag of a run."""
        return {PROCESS: f"{self.pid} since {self.since:.2f} on {self.host}"}

    @classmethod
    def from_tags(cls, tags: Mapping[str, str]) -> Owner | None:
        """The process that the tags of a run name; None where they name none."""
        found = re.fullmatch(r"(\d+) since (\d+\.\d+) on (.+)", tags.get(PROCESS, ""))
        return None if found is None else cls(found[3], int(found[1]), float(found[2]))

    @property
    def dead(self) -> bool:
        """True where the process certainly lives no more; a process of another machine may live."""
        import psutil  # type: ignore[import-untyped]  # no stubs in the environment

        if self.host != socket.gethostname():
            return False
        try:
            return bool(abs(psutil.Process(self.pid).create_time() - self.since) > 1)
        except psutil.NoSuchProcess:
            return True
        except psutil.Error:
            return False


def this_process() -> Owner:
    """The process that asks."""
    import psutil

    return Owner(socket.gethostname(), os.getpid(), psutil.Process().create_time())
