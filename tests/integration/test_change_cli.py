"""`uzel device change` at a shell: the same rules, preview and end as on the pages."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests import web_data
from tests.city_served import Running, served
from uzel.drivers.transport import Wire
from uzel.network.models import AccessGroup, Change, Port
from uzel.pollers import cli_change, device_facts
from uzel.subscribers import importing
from uzel.subscribers.importing.csv_folder import Folder

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def port(tmp_path: Path, transactional_db: None):
    with served(tmp_path) as running:
        assert importing.apply(importing.plan(Folder(tmp_path / "city"))).applied
        for group in AccessGroup.objects.all():
            device_facts.set_access(
                group, wire=Wire.TELNET, port=2323, user="uzel", password="uzel-city", enable="enable-city"
            )
        web_data.people()
        yield free_port(running)


def free_port(city: Running) -> Port:
    ports = Port.objects.filter(device__code=city.switch("DES-3200-18").code, is_uplink=False, link_as_a=None)
    found = ports.filter(link_as_b=None).order_by("if_index").first()
    assert found
    return found


def run(*words: str, typed: str = "") -> tuple[int, str]:
    result = CliRunner().invoke(cli_change.change, words, input=typed)
    return result.exit_code, result.output


def test_at_a_shell(port: Port) -> None:
    where = (port.device.code, "port-off", port.name, "--why", "a test")
    code, said = run(*where, "--as", "operator")
    assert (code, Change.objects.count()) == (3, 0), said
    code, said = run(*where, "--as", "engineer", typed="n\n")
    assert (code, Change.objects.get().state) == (1, "cancelled")
    assert f"config ports {port.name} state disable" in said
    code, said = run(*where, "--as", "engineer", "--yes")
    assert (code, Change.objects.latest("id").state) == (0, "done"), said
    assert "Success." in said
    code, said = run(*where, "--as", "engineer", "--yes")
    assert (code, "already_so" in said) == (1, True)
    assert run(*where, "--as", "nobody")[0] == 1
    assert run(port.device.code, "description", port.name, 'x" ; reboot', "--why", "test", "--as", "engineer")[0] == 3
    assert run(port.device.code, "save", "--why", "a test", "--as", "engineer", "--yes")[0] == 0
