"""Measured figures. Each module here has `run()`, which yields what it measured; `python -m bench` prints all."""

import os
from dataclasses import dataclass

# A prober that is measured by night must not begin the night's round of configurations.
os.environ.setdefault("UZEL_BACKUP_HOUR", "off")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure.

    `target` is what the project asks for, written as it is judged ("<= 5", ">= 0.7", "= 100"), in `unit`.
    `baseline` names what the figure stands against, measured in the same run, and `note` says how.
    """

    name: str
    value: float
    unit: str
    target: str = ""
    baseline: str = ""
    note: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the target is met; None without a target."""
        if not self.target:
            return None
        sign, bound = self.target.split()
        limit = float(bound)
        return {"<=": self.value <= limit, ">=": self.value >= limit, "=": self.value == limit}[sign]
