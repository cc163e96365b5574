"""D-Link's command line: the switch as a whole. `show switch`, log, load, neighbours, ping, configuration."""

import time

from uzel.simcity import wire
from uzel.simcity.dynamics import Word, other_end
from uzel.simcity.journal import Line, lines_of
from uzel.simcity.mib_bridge import vlan_name, vlans
from uzel.simcity.mib_interfaces import is_admin_up, speed_mbps
from uzel.simcity.mib_private import DLINK_MEMORY_KB, cpu_percent, memory_percent
from uzel.simcity.notices import unauthenticated
from uzel.simcity.reach import answers_ping
from uzel.simcity.shell import Args, Command, Level, Reply, Session
from uzel.simcity.shell_dlink_ports import OLD, REFRESHING, listed, name, real
from uzel.simcity.shell_dlink_tables import dashed, span
from uzel.simcity.world import Port

# Firmware whose `show switch` has no uptime.
_NO_UPTIME = {"DES-3526", "DES-3550"}
_PLAIN_LOG = {"DES-3526", "DES-3550"}


def _show_switch(session: Session, args: Args) -> str:
    device, make = session.device, session.device.make
    up = int(session.asked.uptime_s)
    days, hours, minutes, seconds = up // 86400, up // 3600 % 24, up // 60 % 60, up % 60
    paging = "Enabled" if session.paging else "Disabled"
    rows = {
        "Device Type": make.descr.removeprefix("D-Link "),
        "MAC Address": dashed(device.mac.hex()),
        "IP Address": f"{device.address} (Manual)",
        "VLAN Name": "mgmt",
        "Subnet Mask": "255.255.0.0",
        "Default Gateway": f"{device.address.rsplit('.', 1)[0]}.254",
        "Boot PROM Version": "Build 1.00-B04",
        "Firmware Version": make.firmware,
        "Hardware Version": make.hardware,
        "Serial Number": device.serial,
        "System Name": device.code,
        "System Location": device.location,
        "System Uptime": f"{days} days, {hours} hours, {minutes} minutes, {seconds} seconds",
        "System Contact": "noc",
        "Spanning Tree": "Disabled",
        "IGMP Snooping": "Enabled",
        "TELNET": "Enabled (TCP 23)" if make.model in _NO_UPTIME else "Enabled(TCP  23)",
        "SSH": "Enabled",
        "Clipaging" if make.model in _NO_UPTIME else "CLI Paging": paging,
    }
    if make.model in _NO_UPTIME:
        del rows["System Uptime"]
    return "".join(f"{key:<19}: {value}\n" for key, value in rows.items()) + "\n"


def said(line: Line, session: Session) -> list[str]:
    """What D-Link writes of an event in its log."""
    port = line.port
    number = name(port) if port else ""
    if port and line.word == Word.LINK_UP:
        duplex = "HALF" if "half-duplex" in port.faults else "FULL"
        return [f"Port {number} link up, {speed_mbps(port) or port.shape.speed_mbps}Mbps  {duplex} duplex"]
    if port and line.word == Word.BLOCKED:
        return [unauthenticated(client, port) for client in wire.blocked(port)]
    texts = {
        Word.LINK_DOWN: f"Port {number} link down",
        Word.COLD_START: "System cold start",
        Word.LOOP: f"Port {number} LBD loop occurred. Port blocked",
        Word.STORM: f"Broadcast storm is occurring (port: {number})",
        Word.LOOP_GONE: f"Port {number} LBD port recovered. Loop detection restarted",
        Word.STORM_GONE: f"Broadcast storm has cleared (port: {number})",
        "login": f"Successful login through Telnet (Username: {line.detail})",
        "saved": f"Configuration saved to flash (Username: {line.detail})",
    }
    return [texts[line.word]] if line.word in texts else []


_SEVERE: dict[str, str] = {
    Word.COLD_START: "CRIT(2)",
    Word.LOOP: "CRIT(2)",
    Word.STORM: "WARN(4)",
    Word.BLOCKED: "WARN(4)",
}


def _show_log(session: Session, args: Args) -> str:
    model = session.device.make.model
    rows = [(line, text) for line in lines_of(session.device) for text in said(line, session)]
    with_level = model not in OLD and model not in REFRESHING
    head = f"Index Date       Time     {'Level   ' if with_level else ''}Log Text"
    rule = f"----- ---------- -------- {'------- ' if with_level else ''}"
    lines = [head, rule + "-" * (80 - len(rule))]
    for index, (line, text) in reversed(list(enumerate(rows, 1))):
        form = "%Y/%m/%d %H:%M:%S" if model in _PLAIN_LOG else "%Y-%m-%d %H:%M:%S"
        level = f"{_SEVERE.get(line.word, 'INFO(6)'):<8}" if with_level else ""
        start = f"{index:<5} {time.strftime(form, time.localtime(line.at))} {level}"
        lines += _wrap(start, text)
    return "\n".join((*lines, "", ""))


def _wrap(start: str, text: str) -> list[str]:
    """A log line wrapped at 80 characters, in the middle of a word if need be."""
    room = 80 - len(start)
    parts = [text[at : at + room] for at in range(0, len(text), room)] or [""]
    return [start + parts[0], *(" " * len(start) + part for part in parts[1:])]


def _show_cpu(session: Session, args: Args) -> Reply:
    def draw() -> list[str]:
        five, minute, minutes = (cpu_percent(session.asked, seconds) for seconds in (5, 60, 300))
        cells = f"Five seconds - {five:>3} %          One minute - {minute:>3} %          Five minutes - {minutes:>3} %"
        return [f"CPU Utilization\n{'-' * 79}\n{cells}\n"]

    return Reply(screen=draw)


def _show_memory(session: Session, args: Args) -> Reply:
    def draw() -> list[str]:
        percent = memory_percent(session.asked)
        used = DLINK_MEMORY_KB * percent // 100
        return [
            f"DRAM utilization :\n    Total DRAM      : {DLINK_MEMORY_KB:>12,} KB\n"
            f"    Used DRAM       : {used:>12,} KB\n    Utilization     : {percent:>12} %\n"
        ]

    return Reply(screen=draw)


def _show_neighbours(session: Session, args: Args) -> str:
    ports = listed(session.device, args.get("ports", "all"))
    if not ports:
        return "Fail!\n\n"
    return "\n".join(_neighbour(session, port) for port in ports) + "\n"


def _neighbour(session: Session, port: Port) -> str:
    far = other_end(session.city.world, port) if port.link and port.oper else None
    head = f"Port ID : {name(port)} \n{'-' * 75}\nRemote Entities Count : {1 if far else 0} \n"
    if not far:
        return head + "    (None)\n"
    by_number = far.device.make.family == "dlink"
    rows = {
        "Chassis ID Subtype": "MAC Address",
        "Chassis ID": dashed(far.device.mac.hex()),
        "Port ID Subtype": "Local" if by_number else "Interface Name",
        "Port ID": far.shape.name,
        "Port Description": far.shape.descr,
        "System Name": far.device.code,
        "System Description": " ".join(far.device.make.descr.split()),
        "System Capabilities": "Repeater, Bridge",
        "Management Address Count": "1",
        "Port PVID": "1",
    }
    lines = []
    for key, value in rows.items():
        parts = [value[at : at + 30] for at in range(0, len(value), 30)] or [""]
        lines += [f"    {key:<43}: {parts[0]}", *(f"{'':<49}{part}" for part in parts[1:])]
    return head + "Entity 1 \n" + "\n".join(lines) + "\n"


def _ping(session: Session, args: Args) -> Reply:
    count = min(int(args.get("times", "4")) if args.get("times", "4").isdigit() else 4, 255)
    address = args["address"]
    alive = answers_ping(session.city, session.device, address)
    line = f"Reply from {address}, time<10ms" if alive else "Request timed out."
    received = count if alive else 0
    text = "\n".join([line] * count)
    sums = f"Sent ={count}, Received ={received}, Lost ={count - received}"
    return Reply(
        f"{text}\n\n Ping Statistics for {address}\n Packets: {sums}\n\n",
        delay_s=0.05 * count if alive else 0.4 * count,
    )


def _show_config(session: Session, args: Args) -> str:
    device, make = session.device, session.device.make
    lines = [
        "#" + "-" * 79,
        f"#{make.descr.removeprefix('D-Link '):^78}",
        f"#{'Configuration':^78}",
        f"#{'Firmware: ' + make.firmware:^78}",
        "#" + "-" * 79,
        "",
        "# BASIC",
        "",
        f"config snmp system_name {device.code}",
        f"config snmp system_location {device.location}",
        "enable clipaging" if session.paging else "disable clipaging",
        "",
        "# VLAN",
        "",
    ]
    for vlan in vlans(device)[1:]:
        members = [p for p in real(device) if any(own == vlan for _, own in p.stations)]
        uplinks = [p for p in real(device) if p.link]
        lines.append(f"create vlan {vlan_name(vlan)} tag {vlan}")
        lines += [f"config vlan {vlan_name(vlan)} add tagged {span(uplinks)}"] if uplinks else []
        lines += [f"config vlan {vlan_name(vlan)} add untagged {span(members)}"] if members else []
    lines += ["", "# PORT", ""]
    for port in real(device):
        text = wire.description(session.city, port)
        state = "enable" if is_admin_up(port) else "disable"
        lines.append(f"config ports {name(port)} speed auto flow_control disable learning enable state {state}")
        lines += [f'config ports {name(port)} description "{text}"'] if text else []
    lines += ["", "# IP", "", f"config ipif System ipaddress {device.address}/16 vlan mgmt", ""]
    lines += ["#" + "-" * 79, f"#{'End of configuration file for ' + make.model:^78}", "#" + "-" * 79, "", ""]
    return "\n".join(lines)


COMMANDS = (
    Command("show switch", _show_switch),
    Command("show log", _show_log),
    Command("show utilization cpu", _show_cpu),
    Command("show utilization dram", _show_memory),
    Command("show lldp remote_ports", _show_neighbours),
    Command("show lldp remote_ports <ports>", _show_neighbours),
    Command("show lldp remote_ports mode normal", _show_neighbours),
    Command("show lldp remote_ports <ports> mode normal", _show_neighbours),
    Command("show config current_config", _show_config, Level.ADMIN),
    Command("show config active", _show_config, Level.ADMIN),
    Command("ping <address>", _ping),
    Command("ping <address> times <times>", _ping),
)
