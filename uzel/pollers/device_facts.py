"""What a poller has to know of a device to ask it: taken from the database, secrets opened."""

import json
import os
import re
from collections import Counter
from collections.abc import Container, Iterator, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, lru_cache, partial
from ipaddress import ip_address

from cryptography.fernet import MultiFernet
from django.conf import settings
from django.db import connection
from django.db.models import Q

from uzel.drivers.ask import Facts
from uzel.drivers.session import Name
from uzel.drivers.session_secrets import keys, seal, unseal
from uzel.drivers.transport import Login, Wire
from uzel.network.models import AccessGroup, Device, DeviceName

# Changes when a device comes or goes, or is met with another name.
EDITION = """
SELECT (SELECT count(*) FROM network_device), (SELECT max(id) FROM network_device),
  (SELECT count(*) FROM network_devicename), (SELECT max(met_at) FROM network_devicename)
"""
HOST_KEYS_FILE = "switch_keys.json"


@cache
def _keys() -> MultiFernet:
    sealed = AccessGroup.objects.exclude(password_encrypted="", enable_encrypted="").exists()
    return keys(os.environ.get("UZEL_CREDENTIALS_KEY", ""), settings.HOME, sealed=sealed)


@lru_cache(maxsize=1000)
def _open(sealed: str) -> str:
    """A secret; kept, for each probe wants the same few."""
    return unseal(_keys(), sealed)


def find(host: str) -> Device | None:
    """The device with that code or address."""
    wanted = Q(code=host)
    with suppress(ValueError):
        wanted |= Q(address=str(ip_address(host)))
    return Device.objects.select_related("access_group", "called").filter(wanted).first()


def facts(device: Device, *, ports: bool = True) -> Facts:
    """Everything to ask the device by; without its `ports` for what is about none of them.

    Raises SecretsError; ValueError for a device without an address.
    """
    if not device.address:
        raise ValueError("no address")
    group = device.access_group or AccessGroup()
    return Facts(
        vendor=device.vendor,
        model=device.model,
        address=device.address,
        community=group.snmp_community,
        snmp_port=group.snmp_port,
        ports=dict(device.ports.values_list("name", "if_index")) if ports else {},
        wire=Wire(group.cli_protocol),
        cli_port=group.cli_port,
        login=Login(group.username, _open(group.password_encrypted), _open(group.enable_encrypted)),
        known=_known(device),
    )


# Names that sessions have heard and nobody has written yet: device -> name.
_heard: dict[int, str] = {}
LONGEST_NAME = 255


def _known(device: Device) -> Name:
    """What the device has to call itself. What was heard of others meanwhile is written first."""
    write_names()
    met = getattr(device, "called", None)
    with connection.cursor() as cursor:
        cursor.execute(EDITION)
        others = _Others(device.pk, _owners(cursor.fetchone()))
    heard = partial(_heard.__setitem__, device.pk)
    return Name(met.name if met else "", code=device.code, others=others, met=heard)


@dataclass(frozen=True, slots=True)
class _Others(Container[str]):
    """What the devices other than this one are called, in lower case."""

    device: int
    owners: Mapping[str, int] = field(repr=False)

    def __contains__(self, name: object) -> bool:
        return self.owners.get(str(name), self.device) != self.device


@lru_cache(maxsize=1)
def _owners(_edition: tuple[object, ...]) -> Mapping[str, int]:
    """Code or name -> the one device that is called so. A name that several have, a model or an address is nobody's."""
    devices = list(Device.objects.values_list("pk", "code", "model"))
    models = {model.casefold() for _, _, model in devices if model}
    met = [(name.casefold(), device) for device, name in DeviceName.objects.values_list("device", "name")]
    often = Counter(name for name, _ in met)
    names = {name: device for name, device in met if often[name] == 1 and not _is_common(name, models)}
    return names | {code.casefold(): device for device, code, _ in devices}


def _is_common(name: str, models: Container[str]) -> bool:
    """Whether any device might be called so: its model, with the revision behind it or without; an address."""
    with suppress(ValueError):
        return bool(ip_address(name))
    return re.split(r"[/ :_]", name)[0] in models or name in models


def write_names() -> None:
    """Write the names that were heard: sessions live where the database must not be asked."""
    # In one order, so that two processes that met the same devices do not wait for each other.
    heard = {device: _heard.pop(device, "").replace("\0", "")[:LONGEST_NAME] for device in sorted(_heard)}
    if not heard:
        return
    there = Device.objects.filter(pk__in=heard).order_by("pk").values_list("pk", flat=True)
    DeviceName.objects.bulk_create(
        [DeviceName(device_id=device, name=heard[device]) for device in there if heard[device]],
        update_conflicts=True,
        unique_fields=["device"],
        update_fields=["name", "met_at"],
    )


def forget_name(device: Device) -> None:
    """It was renamed, or another device stands in its place: the name that it is met with next is right."""
    _heard.pop(device.pk, None)
    DeviceName.objects.filter(device=device).delete()


def set_access(group: AccessGroup, *, wire: Wire, port: int, user: str, password: str, enable: str) -> None:
    """How the command lines of a group are reached from now on; the passwords are sealed. Raises SecretsError."""
    group.cli_protocol, group.cli_port, group.username = wire.value, port, user
    group.password_encrypted, group.enable_encrypted = seal(_keys(), password), seal(_keys(), enable)
    group.save(update_fields=["cli_protocol", "cli_port", "username", "password_encrypted", "enable_encrypted"])


class HostKeyFile(MutableMapping[str, str]):
    """Fingerprints of the SSH keys that were met, by address:port, kept in the home folder as they are met.

    A changed key has to be taken out of the file by hand; it is read again when it has changed.
    """

    def __init__(self) -> None:
        """Nothing is read yet."""
        self._path = settings.HOME / HOST_KEYS_FILE
        self._keys: dict[str, str] = {}
        self._read_at = 0

    def _now(self) -> dict[str, str]:
        changed_at = self._path.stat().st_mtime_ns if self._path.is_file() else 0
        if changed_at != self._read_at:
            self._keys = json.loads(self._path.read_text()) if changed_at else {}
            self._read_at = changed_at
        return self._keys

    def __getitem__(self, place: str) -> str:
        return self._now()[place]

    def __setitem__(self, place: str, fingerprint: str) -> None:
        self._now()[place] = fingerprint
        self._write()

    def __delitem__(self, place: str) -> None:
        del self._now()[place]
        self._write()

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())

    def _write(self) -> None:
        """Whole or not at all: another process may read it now."""
        draft = self._path.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(self._keys, indent=1, sort_keys=True))
        draft.replace(self._path)
        self._read_at = self._path.stat().st_mtime_ns
