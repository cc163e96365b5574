"""All that is known of one subscriber's line when a verdict is asked for."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from uzel.core.answers import CablePair, CableTest, PairState
from uzel.core.readings import FdbEntry, OpticalReading, PortReading, UpsReading

# A reading older than this says how the line was, not how it is.
STALE_S = 120.0
SILENT_CODES = frozenset({"timeout", "unreachable"})
# What is asked in vain for one of these reasons is so every day, and in the docs: it makes no verdict less sure.
LASTING = frozenset(
    {"no_credentials", "low_privilege", "command_refused", "not_asked", "no_such", "bad_port", "nothing_told"}
)
_TUPLES = ("inputs_dbm", "supply_v")


@dataclass(frozen=True, slots=True)
class Note:
    """What the device itself said of the port, by trap or syslog, at the unix time `at`.

    `code`: loop, loop_gone, storm, storm_gone, binding_blocked, error_disabled, link_up. `mac` is whom it names.
    """

    code: str
    at: float
    mac: str | None = None


@dataclass(frozen=True, slots=True)
class Uplink:
    """A port by which the device hangs on the network: its readings, oldest first, and the light that comes in."""

    readings: tuple[PortReading, ...]
    rx_dbm: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that is known of one line. None means not known, which is not the same as empty or False.

    `readings` are of one port, oldest first: the last one is now, the others show growth. `changes_at` are unix times
    at which the port's link was seen to change, `notes` what the device's log says of the port; the prober knows both
    from traps and syslog. `own_acts` are the times, from when to when, in which we ourselves restarted the port or
    tested its cable, which drops the link too. `cable` is the latest cable test, `groups` the multicast groups that
    the port has joined, `blocked_macs` the clients that address binding turns away, `turned_macs` those that the
    device's own log names as turned away, `bound_macs` those it lets through, `looped` what loop detection says of the
    port, `lost` the questions that the command line left without an answer this time. `router_macs` are those of
    `expected_macs` that the internet service has. `uplinks` are the device's own, `ups` those that keep the path
    alive, `peers` other devices asked lately beside this one. `under_way` are the questions (operations of
    `core.answers`) that the device is still being asked: their answers are to come. `snmp_silent`: what is known of the
    port comes by its command line, SNMP gave no answer.
    """

    account_status: str | None = None
    services: frozenset[str] = frozenset({"internet"})
    service_active: bool | None = None
    service_mbps: int | None = None
    expected_macs: frozenset[str] | None = None
    router_macs: frozenset[str] = frozenset()
    outages: frozenset[int] | None = None
    planned_works: frozenset[int] = frozenset()
    device_lit: bool | None = None
    device_answers: bool | None = None
    peers: int = 0
    peers_silent: int = 0
    is_uplink: bool = False
    subscribers_on_port: int = 1
    port_mbps: int | None = None
    readings: tuple[PortReading, ...] = ()
    fdb: frozenset[FdbEntry] | None = None
    changes_at: frozenset[float] = frozenset()
    notes: frozenset[Note] = frozenset()
    own_acts: frozenset[tuple[float, float]] = frozenset()
    cable: CableTest | None = None
    groups: frozenset[str] | None = None
    blocked_macs: frozenset[str] | None = None
    bound_macs: frozenset[str] | None = None
    turned_macs: frozenset[str] = frozenset()
    looped: bool | None = None
    lost: frozenset[str] = frozenset()
    snmp_silent: bool = False
    uplinks: tuple[Uplink, ...] = ()
    receiver: OpticalReading | None = None
    ups: tuple[UpsReading, ...] = ()
    age_s: float = 0.0
    under_way: frozenset[str] = frozenset()

    @classmethod
    def from_probe(cls, result: Mapping[str, Any] | None, *, error: str = "", **facts: Any) -> Self:
        """Evidence from what the prober stored (`Probe.result`, `Probe.error`) and `facts` by the names above.

        The shape of `result` is told by `pollers.probe_read`. A probe that has not run gives result None and error "".
        """
        if error in SILENT_CODES:
            facts["device_answers"] = False
        if not result:
            return cls(**facts)
        rows = [*result.get("previous", ()), *result.get("ports", ())]
        fdb, receiver, cable = result.get("fdb"), result.get("receiver"), result.get("cable")
        seen: dict[str, Any] = {
            "device_answers": True,
            "readings": tuple(PortReading(**row) for row in rows),
            "fdb": None if fdb is None else frozenset(FdbEntry(**entry) for entry in fdb),
            "receiver": receiver and OpticalReading(**receiver | {n: tuple(receiver[n]) for n in _TUPLES}),
            "cable": cable and _cable(cable),
            "uplinks": tuple(_uplink(row) for row in result.get("uplinks", ())),
            "changes_at": frozenset(facts.pop("changes_at", ())) | frozenset(result.get("changes_at", ())),
            "snmp_silent": "silent" in result,
            "own_acts": frozenset((began, ended) for began, ended in result.get("own_acts", ())),
            "notes": frozenset(facts.pop("notes", ())) | {Note(**row) for row in result.get("notes", ())},
        }
        seen |= _by_cli(result) | {"under_way": frozenset(result.get("under_way", ()))}
        # A fact that the caller has from elsewhere, as the cable test of another probe, fills what this one lacks.
        return cls(**facts | {name: value for name, value in seen.items() if value is not None or name not in facts})

    @property
    def port(self) -> PortReading | None:
        """The port as it is now."""
        return self.readings[-1] if self.readings else None

    @property
    def by_cable(self) -> bool:
        """The line hangs on a switch's port (not on a receiver of cable TV alone)."""
        return bool(self.services - {"catv", "dtv"})

    @property
    def fresh(self) -> tuple[PortReading, ...]:
        """The readings before the last one that are near enough to it to tell what goes on now."""
        now = self.port.at if self.port else None
        if now is None:
            return ()
        return tuple(r for r in self.readings[:-1] if r.at is not None and now - r.at <= STALE_S)

    @property
    def turned(self) -> frozenset[str]:
        """Whom address binding turned away since the link came up, as far as the device's log names them."""
        up = max((note.at for note in self.notes if note.code == "link_up"), default=float("-inf"))
        told = (note for note in self.notes if note.code == "binding_blocked" and note.at > up)
        return self.turned_macs | {note.mac for note in told if note.mac}

    def noted(self, code: str) -> bool:
        """Whether the device's log told of it and told of no end since. A link that came up anew ends everything."""
        told = max((note.at for note in self.notes if note.code == code), default=None)
        ends = {f"{code}_gone", "link_up"}
        return told is not None and not any(note.at > told for note in self.notes if note.code in ends)


def _by_cli(result: Mapping[str, Any]) -> dict[str, Any]:
    """What only a command line tells; None for what was not asked or gave no answer."""
    groups, blocked, bindings = result.get("groups"), result.get("blocked_macs"), result.get("bindings")
    missing = result.get("missing") or {}
    loops = [row.get("loop") for row in result.get("loops") or ()]
    return {
        "groups": None if groups is None else frozenset(row["group"] for row in groups),
        "blocked_macs": None if blocked is None else frozenset(blocked),
        "bound_macs": None if bindings is None else frozenset(row["mac"] for row in bindings),
        "turned_macs": frozenset(_turned(result.get("log") or ())),
        "lost": frozenset(name for name, code in missing.items() if code not in LASTING),
        "looped": True if True in loops else False if False in loops else None,
    }


def _turned(log: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Whom the lines of a log, the newest first, name as turned away since the link came up."""
    for row in log:
        if row.get("kind") == "link_up":
            return
        if row.get("kind") == "binding_blocked" and (mac := row.get("mac")):
            yield mac


def _cable(row: Mapping[str, Any]) -> CableTest:
    pairs = (CablePair(p["pair"], _state(p.get("state")), p.get("length_m")) for p in row.get("pairs", ()))
    return CableTest(**dict(row) | {"state": _state(row.get("state")), "pairs": tuple(pairs)})


def _state(word: str | None) -> PairState | None:
    """None for a word of another version too."""
    return PairState(word) if word in set(PairState) else None


def _uplink(row: Mapping[str, Any]) -> Uplink:
    return Uplink(tuple(PortReading(**reading) for reading in row["readings"]), row.get("rx_dbm"))
