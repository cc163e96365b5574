"""Cisco's command line: the switch as a whole. Version, neighbours, log, load, ping, configuration."""

import hashlib
import re
import time

from uzel.simcity import wire
from uzel.simcity.dynamics import Word, other_end
from uzel.simcity.journal import Line, lines_of
from uzel.simcity.makes import CISCO, MANAGEMENT_VLAN
from uzel.simcity.mib_bridge import vlan_name, vlans
from uzel.simcity.mib_interfaces import is_admin_up
from uzel.simcity.mib_private import cpu_percent, memory_percent
from uzel.simcity.reach import answers_ping
from uzel.simcity.shell import Args, Command, Level, Reply, Session
from uzel.simcity.shell_cisco_ports import NO_SUCH, dotted, find_port, real, vlan_of
from uzel.simcity.world import Port


def spoken(seconds: float) -> str:
    """ "1 year, 17 weeks, 2 days, 4 hours, 21 minutes"."""
    left = int(seconds) // 60
    parts: list[str] = []
    for word, size in (("year", 525600), ("week", 10080), ("day", 1440), ("hour", 60), ("minute", 1)):
        count, left = divmod(left, size)
        if count or (word == "minute" and not parts):
            parts.append(f"{count} {word}{'s' if count != 1 else ''}")
    return ", ".join(parts)


def _show_version(session: Session, args: Args) -> str:
    device, make = session.device, session.device.make
    mac = ":".join(device.mac.hex()[n : n + 2] for n in range(0, 12, 2)).upper()
    descr = make.descr.replace("\r\n", "\n")
    return (
        f"{descr}\nImage text-base: 0x01000000, data-base: 0x02F00000\n\nROM: Bootstrap program is C3560 boot loader\n"
        f"\n{device.code} uptime is {spoken(session.asked.uptime_s)}\nSystem returned to ROM by power-on\n"
        'System image file is "flash:ios.bin"\n\n\n'
        f"cisco {make.model} (PowerPC405) processor (revision {make.hardware}) with 131072K bytes of memory.\n"
        f"Processor board ID {device.serial}\nLast reset from power-on\n"
        f"{len(make.ports)} Gigabit Ethernet interfaces\n\n"
        "512K bytes of flash-simulated non-volatile configuration memory.\n"
        f"Base ethernet MAC Address       : {mac}\nModel revision number           : {make.hardware}\n"
        f"Model number                    : {make.model}\nSystem serial number            : {device.serial}\n\n"
        "Configuration register is 0xF\n\n"
    )


def _ends(session: Session, args: Args) -> list[tuple[Port, Port]]:
    """Our port and the neighbour's, of the asked port or of all."""
    ports = [find_port(session.device, args["port"])] if "port" in args else real(session.device)
    live = [port for port in ports if port and port.link and port.oper]
    return [(port, far) for port in live if (far := other_end(session.city.world, port))]


def _show_lldp(session: Session, args: Args) -> str:
    blocks = []
    for port, far in _ends(session, args):
        descr = far.device.make.descr.replace("\r\n", "\n")
        blocks.append(
            f"{'-' * 48}\nLocal Intf: {port.shape.name}\nChassis id: {dotted(far.device.mac.hex())}\n"
            f"Port id: {far.shape.name}\nPort Description: {far.shape.descr}\nSystem Name: {far.device.code}\n\n"
            f"System Description: \n{descr}\n\nTime remaining: 101 seconds\nSystem Capabilities: B,R\n"
            f"Enabled Capabilities: B\nManagement Addresses:\n    IP: {far.device.address}\n"
            "Auto Negotiation - not supported\nPhysical media capabilities - not advertised\n"
            "Media Attachment Unit type - not advertised\n"
        )
    return "\n".join(blocks) + f"\n\nTotal entries displayed: {len(blocks)}\n\n"


def _show_lldp_brief(session: Session, args: Args) -> str:
    lines = ["", "Capability codes:", "    (R) Router, (B) Bridge, (T) Telephone, (C) DOCSIS Cable Device",
             "    (W) WLAN Access Point, (P) Repeater, (S) Station, (O) Other", "",
             "Device ID           Local Intf     Hold-time  Capability      Port ID"]  # fmt: skip
    ends = _ends(session, args)
    lines += [f"{far.device.code[:20]:<20}{port.shape.name:<15}120        B               {far.shape.name}"
              for port, far in ends]  # fmt: skip
    return "\n".join((*lines, "", f"Total entries displayed: {len(ends)}", "", ""))


def _show_cdp(session: Session, args: Args) -> str:
    ends = [(port, far) for port, far in _ends(session, args) if far.device.make.family == CISCO]
    blocks = []
    for port, far in ends:
        descr = far.device.make.descr.replace("\r\n", "\n")
        blocks.append(
            f"-------------------------\nDevice ID: {far.device.code}\nEntry address(es): \n"
            f"  IP address: {far.device.address}\nPlatform: cisco {far.device.make.model},  Capabilities: Switch \n"
            f"Interface: {port.shape.descr},  Port ID (outgoing port): {far.shape.descr}\nHoldtime : 164 sec\n\n"
            f"Version :\n{descr}\n\nadvertisement version: 2\nNative VLAN: 1\nDuplex: full\n"
        )
    return "\n".join(blocks) + f"\nTotal cdp entries displayed : {len(ends)}\n"


def _show_cdp_brief(session: Session, args: Args) -> str:
    lines = ["Capability Codes: R - Router, T - Trans Bridge, B - Source Route Bridge",
             "                  S - Switch, H - Host, I - IGMP, r - Repeater, P - Phone,",
             "                  D - Remote, C - CVTA, M - Two-port Mac Relay", "",
             "Device ID         Local Intrfce Holdtme    Capability   Platform   Port ID"]  # fmt: skip
    ends = [(port, far) for port, far in _ends(session, args) if far.device.make.family == CISCO]
    for port, far in ends:
        name, platform = far.device.code, far.device.make.model[:10]
        lines += [name] if len(name) > _CDP_NAME else []
        name = "" if len(name) > _CDP_NAME else name
        lines.append(f"{name:<18}{_cdp_port(port):<14}{144:<11}{'S I':>8}      {platform:<11}{_cdp_port(far)}")
    return "\n".join((*lines, "", f"Total cdp entries displayed : {len(ends)}", ""))


_CDP_NAME = 17  # a longer one stands on a line of its own


def _cdp_port(port: Port) -> str:
    """ "Gig 1/0/1"."""
    kind, number = re.match(r"([A-Za-z]+)([\d/]+)", port.shape.descr).groups()  # type: ignore[union-attr]
    return f"{kind[:3]} {number}"


def _said(line: Line) -> list[str]:
    port = line.port
    if port and line.word in (Word.LINK_UP, Word.LINK_DOWN):
        state = "up" if line.word == Word.LINK_UP else "down"
        if state == "down" and not is_admin_up(port):
            return [f"%LINK-5-CHANGED: Interface {port.shape.descr}, changed state to administratively down"]
        return [f"%LINK-3-UPDOWN: Interface {port.shape.descr}, changed state to {state}"]
    if port and line.word == Word.LOOP:
        where = f"is flapping between port {port.shape.name} and port {real(port.device)[-1].shape.name}"
        return [f"%SW_MATM-4-MACFLAP_NOTIF: Host 0000.0c9f.f001 in vlan {vlan_of(port)} {where}"]
    if port and line.word == Word.STORM:
        text = "A packet filter action has been applied on the interface."
        return [f"%STORM_CONTROL-3-FILTERED: A Broadcast storm detected on {port.shape.name}. {text}"]
    if port and line.word == Word.BLOCKED:
        return [
            f"%SW_DAI-4-DHCP_SNOOPING_DENY: 1 Invalid ARPs (Req) on {port.shape.name}, vlan {c.vlan}."
            f"([{dotted(c.mac)}/{c.ip}/0000.0000.0000/0.0.0.0])"
            for c in wire.blocked(port)
        ]
    texts: dict[str, str] = {
        Word.COLD_START: "%SYS-5-RESTART: System restarted --",
        "login": f"%SEC_LOGIN-5-LOGIN_SUCCESS: Login Success [user: {line.detail}]",
        "changed": f"%SYS-5-CONFIG_I: Configured from console by {line.detail} on vty0",
        "saved": f"%SYS-6-PRIVCFG_ENCRYPT_SUCCESS: Successfully encrypted private config file by {line.detail}",
    }
    return [texts[line.word]] if line.word in texts else []


def _show_log(session: Session, args: Args) -> str:
    lines = [
        "Syslog logging: enabled (0 messages dropped, 0 messages rate-limited, 0 flushes, 0 overruns)",
        "",
        "    Console logging: disabled",
        "    Buffer logging:  level debugging, 41 messages logged",
        "    Trap logging: level informational, 41 message lines logged",
        "",
        "Log Buffer (16384 bytes):",
    ]
    texts = [(line.at, text) for line in lines_of(session.device) for text in _said(line)]
    for number, (at, text) in enumerate(texts, 1):
        stamp = time.strftime("%b %e %H:%M:%S", time.localtime(at))
        lines.append(f"{number:06d}: {stamp}: {text}")
    return "\n".join(lines) + "\n"


def _show_cpu(session: Session, args: Args) -> str:
    five, minute, minutes = (cpu_percent(session.asked, seconds) for seconds in (5, 60, 300))
    return (
        f"CPU utilization for five seconds: {five}%/0%; one minute: {minute}%; five minutes: {minutes}%\n"
        " PID Runtime(ms)   Invoked      uSecs   5Sec   1Min   5Min TTY Process \n"
        "   1           0        22          0  0.00%  0.00%  0.00%   0 Chunk Manager    \n"
        "   4    12798734    606112      21116  0.00%  1.18%  0.92%   0 Check heaps      \n"
    )


_POOLS = (("Processor", "1F3A0D4", 96_468_992), ("I/O", "3800000", 16_777_216), ("Driver te", "1A00000", 1_048_576))


def _show_memory(session: Session, args: Args) -> str:
    lines = ["                Head    Total(b)     Used(b)     Free(b)   Lowest(b)  Largest(b)"]
    for name, head, total in _POOLS:
        used = total * memory_percent(session.asked) // 100
        free = total - used
        lines.append(f"{name:>9} {head:>10}{total:>12}{used:>12}{free:>12}{free - 4096:>12}{free // 2:>12}")
    return "\n".join(lines) + "\n"


def _show_memory_of_processes(session: Session, args: Args) -> str:
    lines = []
    for name, _, total in _POOLS:
        used = total * memory_percent(session.asked) // 100
        lines.append(f"{name:>9} Pool Total: {total:>10} Used: {used:>10} Free: {total - used:>10}")
    return "\n".join((
        *lines, "", " PID TTY  Allocated      Freed    Holding    Getbufs    Retbufs Process",
        "   0   0   24310712   10032484   13034608          0          0 *Init*",
        "   1   0     516232       1908     521500          0          0 Chunk Manager",
        "                                 13556108 Total", "",
    ))  # fmt: skip


def _ping(session: Session, args: Args) -> Reply:
    repeat, address = args.get("repeat", "5"), args["address"]
    count = min(int(repeat), 100) if repeat.isdigit() else 5
    alive = answers_ping(session.city, session.device, address)
    times = ", round-trip min/avg/max = 1/2/4 ms" if alive else ""
    text = (
        f"Type escape sequence to abort.\nSending {count}, 100-byte ICMP Echos to {address}, timeout is 2 seconds:\n"
        f"{('!' if alive else '.') * count}\n"
        f"Success rate is {100 if alive else 0} percent ({count if alive else 0}/{count}){times}\n"
    )
    return Reply(text, delay_s=0.005 * count if alive else 2.0 * count)


def _scrambled(text: str) -> str:
    """What stands in a configuration for a secret: made of anything but the secret."""
    digits = hashlib.sha256(text.encode()).hexdigest()
    return f"$1${digits[:4]}${digits[4:26]}"


def _port_config(session: Session, port: Port) -> list[str]:
    text = wire.description(session.city, port)
    lines = [f"interface {port.shape.descr}"]
    lines += [f" description {text}"] if text else []
    lines += [" switchport mode trunk"] if port.link else [
        f" switchport access vlan {vlan_of(port)}", " switchport mode access"]  # fmt: skip
    lines += [] if is_admin_up(port) else [" shutdown"]
    return [*lines, "!"]


def _show_config(session: Session, args: Args) -> str:
    device = session.device
    if "port" in args:
        port = find_port(device, args["port"])
        return (
            "Building configuration...\n\n!\n" + "\n".join(_port_config(session, port)) + "\nend\n\n"
            if port
            else NO_SUCH
        )
    lines = ["Building configuration...", "", "Current configuration : 4096 bytes", "!",
             f"version {device.make.firmware.split('(')[0]}", f"hostname {device.code}", "!",
             f"enable secret 5 {_scrambled(device.code)}", "!"]  # fmt: skip
    for vlan in vlans(device)[1:]:
        lines += [f"vlan {vlan}", f" name {vlan_name(vlan)}", "!"]
    for port in real(device):
        lines += _port_config(session, port)
    lines += [f"interface Vlan{MANAGEMENT_VLAN}", f" ip address {device.address} 255.255.0.0", "!",
              f"snmp-server community {device.community.decode()} RO", "!",
              "line vty 0 15", " login local", "!", "end", "", ""]  # fmt: skip
    return "\n".join(lines)


COMMANDS = (
    Command("show version", _show_version),
    Command("show lldp neighbors", _show_lldp_brief),
    Command("show lldp neighbors detail", _show_lldp),
    Command("show lldp neighbors <port> detail", _show_lldp),
    Command("show cdp neighbors", _show_cdp_brief),
    Command("show cdp neighbors detail", _show_cdp),
    Command("show cdp neighbors <port> detail", _show_cdp),
    Command("show logging", _show_log),
    Command("show processes cpu", _show_cpu),
    Command("show processes memory", _show_memory_of_processes),
    Command("show memory statistics", _show_memory),
    Command("ping <address>", _ping),
    Command("ping <address> repeat <repeat>", _ping),
    Command("show running-config", _show_config, Level.ADMIN),
    Command("show running-config interface <port>", _show_config, Level.ADMIN),
)
