"""Nagios 4 and Icinga 2 beside Uzel: one okrug of 10,000 hosts lost, results in random order. Runs with PEERS=1.

Both are Debian's own packages; where one is not installed it is fetched by apt-get and unpacked into a folder that is
deleted afterwards. They run with no checks of their own: all results are handed to them, as another poller would do.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench import Figure, _icinga
from bench._peer import end, last_lines, lines, submit, unpacked, wait
from bench.engine import Storm, network_of
from bench.engine_city import City, city

HOSTS = 10_000
PATIENCE_S = 90.0

OBJECTS = """
define command {{
  command_name ok
  command_line /bin/true
}}
define command {{
  command_name told
  command_line /bin/true
}}
define timeperiod {{
  timeperiod_name always
  alias always
{days}
}}
define contact {{
  contact_name crew
  host_notification_commands told
  service_notification_commands told
  host_notification_period always
  service_notification_period always
  host_notification_options d,r
  service_notification_options n
}}
define host {{
  name plain
  register 0
  check_command ok
  max_check_attempts 1
  active_checks_enabled 0
  passive_checks_enabled 1
  check_period always
  contacts crew
  notification_period always
  notification_options d,r
  notification_interval 0
  initial_state o
}}
define service {{
  host_name h0
  service_description none
  check_command ok
  max_check_attempts 1
  active_checks_enabled 0
  check_period always
  contacts crew
  notification_period always
}}
"""

MAIN = """
log_file={home}/nagios.log
cfg_file={home}/objects.cfg
object_cache_file={home}/objects.cache
precached_object_file={home}/objects.precache
resource_file={home}/resource.cfg
status_file={home}/status.dat
status_update_interval=3600
command_file={home}/nagios.cmd
lock_file={home}/nagios.lock
temp_file={home}/nagios.tmp
temp_path={home}
check_result_path={home}/results
query_socket={home}/nagios.qh
state_retention_file={home}/retention.dat
nagios_user={user}
nagios_group={group}
execute_service_checks=0
execute_host_checks=0
accept_passive_host_checks=1
check_external_commands=1
translate_passive_host_checks=1
passive_host_checks_are_soft=0
log_passive_checks=0
log_initial_states=0
enable_notifications=1
enable_flap_detection=0
check_for_updates=0
"""


def run() -> Iterator[Figure]:
    """What Nagios raises for one lost okrug, in the order of the tree and in random order, and Uzel beside it."""
    if os.environ.get("PEERS") != "1":
        return
    with tempfile.TemporaryDirectory(prefix="uzel-peers-") as folder:
        home = Path(folder)
        town = city(HOSTS)
        lost = town.below(1)
        orders = {"top-down": lost, "random": np.random.default_rng(11).permutation(lost)}
        if binary := nagios(home):
            for order, results in orders.items():
                yield from _measure(binary, home / f"nagios-{order}", town, results, order)
        else:
            yield Figure("Nagios 4 not run", 0, "", note="no nagios4 here, and apt-get could not fetch nagios4-core")
        if program := _icinga.daemon(home):
            for order, results in orders.items():
                yield from _icinga.measure(program, home / f"icinga-{order}", town, results, order)
        else:
            yield Figure("Icinga 2 not run", 0, "", note="no icinga2 here, and apt-get could not fetch it")
        yield from _uzel(town, lost)


def nagios(home: Path) -> Path | None:
    """The installed Nagios, or Debian's package unpacked under `home`; None when neither can be had."""
    if found := shutil.which("nagios4") or (shutil.which("/usr/sbin/nagios4")):
        return Path(found)
    root = unpacked(home, "nagios4-core")
    binary = root / "usr/sbin/nagios4" if root else None
    return binary if binary and binary.exists() else None


def _configure(home: Path, town: City) -> None:
    (home / "results").mkdir(parents=True)
    (home / "resource.cfg").touch()
    days = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
    text = [OBJECTS.format(days="\n".join(f"  {day} 00:00-24:00" for day in days))]
    parents: dict[int, set[int]] = {k: set() for k in range(town.ids.size)}
    for a, b in zip(town.a.tolist(), town.b.tolist(), strict=True):
        if town.level[a] < town.level[b]:  # Nagios takes no rings: only what is fed from above
            parents[b].add(a)
    for k in range(town.ids.size):
        above = ",".join(f"h{p}" for p in sorted(parents[k]))
        line = f"\n  parents {above}" if above else ""
        text.append(f"define host {{\n  use plain\n  host_name h{k}\n  address 127.0.0.1{line}\n}}\n")
    (home / "objects.cfg").write_text("".join(text))
    user = os.environ.get("USER", "root") if os.getuid() else "root"
    (home / "nagios.cfg").write_text(MAIN.format(home=home, user=user, group=user))


def _measure(binary: Path, home: Path, town: City, results: np.ndarray, order: str) -> Iterator[Figure]:
    _configure(home, town)
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([binary, home / "nagios.cfg"], stdout=quiet, stderr=quiet, start_new_session=True)
    try:
        log, pipe = home / "nagios.log", home / "nagios.cmd"
        if (
            not wait(
                lambda: (
                    process.poll() is not None
                    or (pipe.exists() and log.exists() and "Successfully launched" in log.read_text())
                ),
                30,
            )
            or process.poll() is not None
        ):
            yield Figure(f"Nagios 4, {order}: did not start", 0, "", note=last_lines(log))
            return
        submit(pipe, list(range(town.ids.size)), 0)
        time.sleep(3)
        before = log.stat().st_size
        began = time.perf_counter()
        submit(pipe, results.tolist(), 1)
        done = wait(lambda: lines(log, before, "HOST ALERT") >= results.size, PATIENCE_S)
        taken = time.perf_counter() - began
        time.sleep(2)
        raised = lines(log, before, "HOST NOTIFICATION")
        false_down = lines(log, before, ";DOWN;HARD") - 1
        note = f"{results.size:,} of {town.ids.size:,} hosts lost, {order}; {max(false_down, 0):,} falsely DOWN"
        note += "" if done else f"; only {lines(log, before, 'HOST ALERT'):,} states after {PATIENCE_S:.0f} s"
        yield Figure(f"Nagios 4, {order}: time to all states", taken * 1e3, "ms", note=note)
        yield Figure(f"Nagios 4, {order}: notifications for one failure", raised, "", note="one is right")
    finally:
        end(process)


def _uzel(town: City, lost: np.ndarray) -> Iterator[Figure]:
    storm = Storm(town, town.engine(), network_of(town), lost)
    storm.run()  # reads the compiled code
    taken, found = storm.run()
    people = sum(scope.total for _, scope in found)
    note = (
        f"from the first lost host: whom to ask, their answers, the outage; engine time alone; {people:,} subscribers"
    )
    yield Figure("Uzel, random: time to the one outage", taken * 1e3, "ms", note=note)
    note = "in every moment of it: the answers come in random order and are read by fifties"
    yield Figure("Uzel, random: outages for one failure", storm.told_on_the_way(), "", "= 1", note=note)
