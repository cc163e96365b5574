"""Who is touched: distinct subscribers and services whose attachment is dark, exact, from the graph."""

from collections.abc import Iterable, Set
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Attachment:
    """One service at one element. `service` and `klass` are the codes of its kind and of its subscriber's class."""

    node: int
    subscriber: int
    service: str
    klass: str


@dataclass(frozen=True, slots=True)
class Scope:
    """subscribers: class -> distinct subscribers; services: kind -> class -> services."""

    subscribers: dict[str, int] = field(default_factory=dict)
    services: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.subscribers.values())


def affected(attachments: Iterable[Attachment], dark: Set[int]) -> Scope:
    """Count what hangs on the dark elements. A subscriber with two dark services is one subscriber."""
    people: dict[str, set[int]] = {}
    services: dict[str, dict[str, int]] = {}
    for attachment in attachments:
        if attachment.node in dark:
            people.setdefault(attachment.klass, set()).add(attachment.subscriber)
            row = services.setdefault(attachment.service, {})
            row[attachment.klass] = row.get(attachment.klass, 0) + 1
    return Scope({klass: len(ids) for klass, ids in people.items()}, services)
