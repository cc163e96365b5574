"""Huawei's command line: the switch as a whole. Version, neighbours, log, load, ping, configuration."""

import time

from uzel.simcity import wire
from uzel.simcity.dynamics import Word, other_end
from uzel.simcity.journal import Line, lines_of
from uzel.simcity.makes import DLINK, MANAGEMENT_VLAN
from uzel.simcity.mib_bridge import vlan_name, vlans
from uzel.simcity.mib_interfaces import is_admin_up
from uzel.simcity.mib_private import cpu_percent, memory_percent
from uzel.simcity.reach import answers_ping
from uzel.simcity.shell import Args, Command, Level, Reply, Session
from uzel.simcity.shell_cisco_ports import real, vlan_of
from uzel.simcity.shell_cisco_unit import spoken
from uzel.simcity.shell_huawei_ports import WRONG, find_port, hyphened
from uzel.simcity.world import Port


def _show_version(session: Session, args: Args) -> str:
    device, make = session.device, session.device.make
    first, _, rest = make.descr.partition("\n")
    release = rest.split("Version ")[1].split("\r")[0].strip()
    up = spoken(session.asked.uptime_s)
    return (
        f"Huawei Versatile Routing Platform Software\nVRP (R) software, Version {release}\n"
        f"Copyright (C) 2000-2016 HUAWEI TECH CO., LTD\nHUAWEI {first} Routing Switch uptime is {up}\n\n"
        f"ESN of slot 0: {device.serial}\n{first} 0(Master) : uptime is {up}\n"
        "DDR             Memory Size : 512   M bytes\n"
        f"FLASH           Memory Size : 240   M bytes\nPcb           Version : {make.hardware}\n"
        f"Software      Version : VRP (R) Software, Version {release}\n"
    )


def _show_neighbours(session: Session, args: Args) -> str:
    ports = [find_port(session.device, args["port"])] if "port" in args else real(session.device)
    return "\n".join(_neighbour(session, port) if port else WRONG for port in ports)


def _neighbour(session: Session, port: Port) -> str:
    far = other_end(session.city.world, port) if port.link and port.oper else None
    if not far:
        return f"{port.shape.name} has 0 neighbors\n"
    kind = "local" if far.device.make.family == DLINK else "interfaceName"
    return (
        f"{port.shape.name} has 1 neighbors:\n\nNeighbor index : 1\nChassis type   :macAddress \n"
        f"Chassis ID     :{hyphened(far.device.mac.hex())} \nPort ID type   :{kind} \n"
        f"Port ID        :{far.shape.name}\n"
        f"Port description    :{far.shape.descr}\nSystem name         :{far.device.code}\n"
        f"System description  :{far.device.make.descr.replace(chr(13), '')}\n"
        "System capabilities supported   :bridge \nSystem capabilities enabled     :bridge \n"
        f"Management address type  :ipV4\nManagement address       : {far.device.address}  \n"
        "Expired time   :98s\n\n\nPort VLAN ID(PVID)  :1\nProtocol identity   :STP RSTP/MSTP LACP EthOAM CFM \n\n"
        "Auto-negotiation supported    :Yes \nOperMau   :speed(1000)/duplex(Full)\n"
    )


def _said(line: Line) -> list[str]:
    port = line.port
    if port and line.word in (Word.LINK_UP, Word.LINK_DOWN):
        state = "UP" if line.word == Word.LINK_UP else "DOWN"
        return [f"IFNET/4/IF_STATE(l)[{{}}]:Interface {port.shape.name} has turned into {state} state."]
    if port and line.word in (Word.LOOP, Word.LOOP_GONE):
        state = "2 block" if line.word == Word.LOOP else "1 normal"
        return [f"LDT/4/LDT_TRAP(l)[{{}}]:Loopback exists on interface({port.shape.if_index}) {port.shape.name}, "
                f"loopback detect status: {state}."]  # fmt: skip
    if port and line.word == Word.STORM:
        return [f"STORMCTRL/4/STORM_ALARM(l)[{{}}]:Broadcast storm is occurring on {port.shape.name}."]
    if port and line.word == Word.BLOCKED:
        return [
            f"SECE/4/USER_ATTACK(l)[{{}}]:Bind-table check dropped (Interface={port.shape.name}, "
            f"SourceMAC={hyphened(client.mac)}, SourceIP={client.ip}, VLAN={client.vlan})"
            for client in wire.blocked(port)
        ]
    texts: dict[str, str] = {
        Word.COLD_START: "SNMP/4/COLDSTART(l)[{}]:Coldstart.",
        "login": f"SHELL/5/LOGIN(s)[{{}}]:VTY login by {line.detail}.",
        "changed": f"SHELL/5/CMDRECORD(s)[{{}}]:Configuration changed by {line.detail}.",
        "saved": f"CFM/4/CFM_SAVE(s)[{{}}]:The user {line.detail} chose Y when deciding whether to save.",
    }
    return [texts[line.word]] if line.word in texts else []


def _show_log(session: Session, args: Args) -> str:
    rows = [(line.at, text) for line in lines_of(session.device) for text in _said(line)]
    lines = [
        "Logging buffer configuration and contents : enabled",
        "Allowed max buffer size : 1024",
        "Actual buffer size : 512",
        "Channel number : 4 , channel name : logbuffer",
        "Dropped messages : 0",
        "Overwritten messages : 0",
        f"Current messages : {len(rows)}",
        "",
    ]
    for number, (at, text) in reversed(list(enumerate(rows, 1))):
        stamp = time.strftime("%b %e %Y %H:%M:%S+03:00", time.localtime(at))
        lines.append(f"{stamp} {session.device.code} %%01{text.format(number)}")
    return "\n".join(lines) + "\n"


def _show_cpu(session: Session, args: Args) -> str:
    five, minute, minutes = (cpu_percent(session.asked, seconds) for seconds in (5, 60, 300))
    now = time.strftime("%Y-%m-%d  %H:%M:%S", time.localtime(session.now))
    return (
        f"CPU Usage Stat. Cycle: 60 (Second)\nCPU Usage            : {five}% Max: 87%\n"
        f"CPU Usage Stat. Time : {now} \n"
        f"CPU utilization for five seconds: {five}%: one minute: {minute}%: five minutes: {minutes}%\n"
        "Max CPU Usage Stat. Time : 2025-10-05 17:50:44.\n\n"
        "TaskName        CPU  Runtime(CPU Tick High/Tick Low)  Task Explanation\n"
        "BOX              0%         0/ 27a69d1   BOX Output\n"
        "VIDL            72%       1bc/  5f5e0ff  DOPRA IDLE\n"
    )


_MEMORY_BYTES = 438_304_768


def _show_memory(session: Session, args: Args) -> str:
    now, percent = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(session.now)), memory_percent(session.asked)
    return (
        f" Memory utilization statistics at {now}+03:00\n System Total Memory Is: {_MEMORY_BYTES} bytes\n"
        f" Total Memory Used Is: {_MEMORY_BYTES * percent // 100} bytes\n Memory Using Percentage Is: {percent}%\n"
    )


def _ping(session: Session, args: Args) -> Reply:
    count = min(int(args["count"]), 100) if args.get("count", "").isdigit() else 5
    address = args["address"]
    alive = answers_ping(session.city, session.device, address)
    lines = [f"  PING {address}: 56  data bytes, press CTRL_C to break"]
    for n in range(1, count + 1):
        answer = f"    Reply from {address}: bytes=56 Sequence={n} ttl=255 time=2 ms"
        lines.append(answer if alive else "    Request time out")
    lost = "0.00" if alive else "100.00"
    lines += ["", f"  --- {address} ping statistics ---", f"    {count} packet(s) transmitted",
              f"    {count if alive else 0} packet(s) received", f"    {lost}% packet loss"]  # fmt: skip
    lines += ["    round-trip min/avg/max = 1/2/3 ms"] if alive else []
    return Reply("\n".join((*lines, "", "")), delay_s=0.05 * count if alive else 2.0 * count)


def _port_config(session: Session, port: Port) -> list[str]:
    text = wire.description(session.city, port)
    lines = [f"interface {port.shape.name}"]
    lines += [f" description {text}"] if text else []
    if port.link:
        lines += [" port link-type trunk", " port trunk allow-pass vlan 2 to 4094"]
    else:
        lines += [" port link-type access", f" port default vlan {vlan_of(port)}"]
    return [*lines, *([] if is_admin_up(port) else [" shutdown"]), "#"]


def _show_config(session: Session, args: Args) -> str:
    device = session.device
    if "port" in args:
        port = find_port(device, args["port"])
        return "\n".join(("#", *_port_config(session, port), "return", "")) if port else WRONG
    listed = " ".join(map(str, vlans(device)[1:]))
    lines = [f"!Software Version {device.make.firmware}", "#", f"sysname {device.code}", "#", f"vlan batch {listed}"]
    for vlan in vlans(device)[1:]:
        lines += ["#", f"vlan {vlan}", f" description {vlan_name(vlan)}"]
    lines += ["#", f"interface Vlanif{MANAGEMENT_VLAN}", f" ip address {device.address} 255.255.0.0", "#"]
    for each in real(device):
        lines += _port_config(session, each)
    return "\n".join((*lines, "user-interface vty 0 14", " authentication-mode aaa", "#", "return", ""))


_ANYWHERE = ("*",)
COMMANDS = (
    Command("display version", _show_version, views=_ANYWHERE),
    Command("display lldp neighbor", _show_neighbours, views=_ANYWHERE),
    Command("display lldp neighbor interface <port>", _show_neighbours, views=_ANYWHERE),
    Command("display logbuffer", _show_log, views=_ANYWHERE),
    Command("display cpu-usage", _show_cpu, views=_ANYWHERE),
    Command("display memory-usage", _show_memory, views=_ANYWHERE),
    Command("display current-configuration", _show_config, Level.ADMIN, _ANYWHERE),
    Command("display current-configuration interface <port>", _show_config, Level.ADMIN, _ANYWHERE),
    Command("ping <address>", _ping, views=_ANYWHERE),
    Command("ping -c <count> <address>", _ping, views=_ANYWHERE),
)
