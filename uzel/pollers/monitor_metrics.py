"""The monitor's figures: for Prometheus at /metrics, and as JSON in the database for the page of its health."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server


def quantiles(values: deque[float]) -> tuple[float, float]:
    """Median and 95th percentile; zeros when there is nothing."""
    ranked = sorted(values)
    if not ranked:
        return 0.0, 0.0
    return ranked[len(ranked) // 2], ranked[min(len(ranked) - 1, int(len(ranked) * 0.95))]


@dataclass
class Metrics:
    """All of them in one registry of this process."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    # Wall time of the last hundred rounds over all devices, seconds.
    rounds: deque[float] = field(default_factory=lambda: deque(maxlen=100))
    # From the first silence to the written outage, seconds.
    decisions: deque[float] = field(default_factory=lambda: deque(maxlen=100))

    def __post_init__(self) -> None:
        """Name every figure once."""
        own: Any = {"registry": self.registry}
        self.leading = Gauge("uzel_monitor_leading", "1 when this process is the leader", **own)
        self.devices = Gauge("uzel_monitor_devices", "Devices that are asked", **own)
        self.silent = Gauge("uzel_monitor_devices_silent", "Devices that do not answer", **own)
        self.dark = Gauge("uzel_monitor_devices_dark", "Devices without light by the engine's reckoning", **own)
        self.on_battery = Gauge("uzel_monitor_ups_on_battery", "UPSes on battery", **own)
        self.blind_since = Gauge(
            "uzel_monitor_blind_since_seconds", "When the last device stopped answering (unix); 0: some answer", **own
        )
        self.outages = Gauge("uzel_monitor_outages_open", "Open outages", **own)
        self.asked = Counter("uzel_monitor_asked", "Questions of liveness sent", **own)
        self.answered = Counter("uzel_monitor_answered", "Answers to them", **own)
        self.timed_out = Counter("uzel_monitor_timed_out", "Attempts without an answer", **own)
        self.reads = Counter("uzel_monitor_reads", "Readings of ports, UPSes and receivers", ["what", "outcome"], **own)
        self.malformed = Counter("uzel_monitor_malformed", "Input that could not be used", ["kind"], **own)
        self.hints = Counter("uzel_monitor_hints", "Traps and syslog lines", ["kind", "fate"], **own)
        self.journalled = Counter("uzel_monitor_journalled", "Observations written to the journal", **own)
        self.database_waits = Counter("uzel_monitor_database_waits", "Attempts while the database was away", **own)
        self.queue = Gauge("uzel_monitor_queue", "What waits", ["queue"], **own)
        self.lag = Gauge("uzel_monitor_round_seconds", "Wall time of a round over all devices", ["quantile"], **own)
        self.loop_lag = Gauge("uzel_monitor_loop_lag_seconds", "How late the event loop is", **own)
        self.database_seconds = Histogram("uzel_monitor_database_seconds", "Time of a piece of database work", **own)
        self.decision_seconds = Histogram(
            "uzel_monitor_decision_seconds",
            "From the first silence to the outage in the database",
            buckets=(0.5, 1, 1.5, 2, 3, 5, 8, 15, 30, 60),
            **own,
        )

    def serve(self, listen: str) -> Any:
        """Answer at http://<listen>/metrics from a thread of its own; returns the server (shutdown() ends it)."""
        host, _, port = listen.rpartition(":")
        return start_http_server(int(port), host or "127.0.0.1", registry=self.registry)[0]

    def figures(self) -> dict[str, float]:
        """Every plain figure by its name without the prefix; labelled ones as name.label."""
        result: dict[str, float] = {}
        for family in self.registry.collect():
            for sample in family.samples:
                if not sample.name.endswith(("_created", "_bucket")):
                    name = ".".join((sample.name.removeprefix("uzel_monitor_"), *sample.labels.values()))
                    result[name] = round(sample.value, 4)
        for name, values in (("round", self.rounds), ("decision", self.decisions)):
            result[f"{name}_p50_s"], result[f"{name}_p95_s"] = (round(q, 3) for q in quantiles(values))
        return result
