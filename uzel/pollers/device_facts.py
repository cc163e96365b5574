"""What a poller has to know of a device to ask it: taken from the database, secrets opened."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from ipaddress import ip_address

from cryptography.fernet import MultiFernet
from django.conf import settings
from django.db.models import Q

from uzel.drivers.ask import Facts
from uzel.drivers.session_secrets import keys, seal, unseal
from uzel.drivers.transport import HostKeys, Login, Wire
from uzel.network.models import AccessGroup, Device

HOST_KEYS_FILE = "switch_keys.json"


@cache
def _keys() -> MultiFernet:
    return keys(os.environ.get("UZEL_CREDENTIALS_KEY", ""), settings.HOME)


def find(host: str) -> Device | None:
    """The device with that code or address."""
    wanted = Q(code=host)
    with suppress(ValueError):
        wanted |= Q(address=str(ip_address(host)))
    return Device.objects.select_related("access_group").filter(wanted).first()


def facts(device: Device) -> Facts:
    """Everything to ask the device by. Raises SecretsError; ValueError for a device without an address."""
    if not device.address:
        raise ValueError("no address")
    group = device.access_group or AccessGroup()
    return Facts(
        vendor=device.vendor,
        model=device.model,
        address=device.address,
        community=group.snmp_community,
        snmp_port=group.snmp_port,
        ports=dict(device.ports.values_list("name", "if_index")),
        wire=Wire(group.cli_protocol),
        cli_port=group.cli_port,
        login=Login(group.username, unseal(_keys(), group.password_encrypted), unseal(_keys(), group.enable_encrypted)),
    )


def set_access(group: AccessGroup, *, wire: Wire, port: int, user: str, password: str, enable: str) -> None:
    """How the command lines of a group are reached from now on; the passwords are sealed. Raises SecretsError."""
    group.cli_protocol, group.cli_port, group.username = wire.value, port, user
    group.password_encrypted, group.enable_encrypted = seal(_keys(), password), seal(_keys(), enable)
    group.save(update_fields=["cli_protocol", "cli_port", "username", "password_encrypted", "enable_encrypted"])


@contextmanager
def host_keys() -> Iterator[HostKeys]:
    """Fingerprints of the SSH keys that were met, kept in the home folder. A changed one has to be taken out there."""
    path = settings.HOME / HOST_KEYS_FILE
    known: dict[str, str] = json.loads(path.read_text()) if path.is_file() else {}
    before = dict(known)
    try:
        yield known
    finally:
        if known != before:
            path.write_text(json.dumps(known, indent=1, sort_keys=True))
