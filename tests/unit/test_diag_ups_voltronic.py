"""Voltronic's cards: UPS-MIB is believed, their own tree fills what it leaves out."""

from uzel.drivers import readers
from uzel.drivers.ups_voltronic import UPS

RFC = "1.3.6.1.2.1.33.1"
OWN = {
    f"{UPS}.1.3.0": b"WPHVR3K0\0\0",
    f"{UPS}.3.1.0": 7,
    f"{UPS}.3.2.0": 0,
    f"{UPS}.3.3.0": 41,
    f"{UPS}.3.4.0": 96,
    f"{UPS}.5.1.0": 8,
    **{f"{UPS}.4.5.1.3.{line}": volts for line, volts in enumerate((2310, 2294, 2301))},
    **{f"{UPS}.5.7.1.2.{line}": 2300 for line in range(3)},
    **{f"{UPS}.5.7.1.7.{line}": load for line, load in enumerate((12, 31, 8))},
}


def test_the_page_is_chosen_by_name_or_by_number():
    assert readers.ups_reader("1.3.6.1.4.1.8072.3.2.10", "Voltronic") is readers.VOLTRONIC
    assert readers.ups_reader("1.3.6.1.4.1.21111", "") is readers.VOLTRONIC
    assert readers.ups_reader("1.3.6.1.4.1.8072.3.2.10", "Eltena") is readers.RFC1628


def test_its_own_tree_alone():
    reading = readers.VOLTRONIC.parse(OWN)
    assert (reading.model, reading.charge_percent, reading.runtime_min) == ("WPHVR3K0", 96, 41)
    assert (reading.input_v, reading.output_v, reading.load_percent) == (229.4, 230, 31)
    # It tests its battery: the mains is there. The battery wants to be replaced; whether it is low is not said.
    assert (reading.on_battery, reading.low, reading.replace) == (False, None, True)


def test_ups_mib_is_believed_first():
    said = {f"{RFC}.2.1.0": 3, f"{RFC}.2.2.0": 70, f"{RFC}.2.3.0": 6, f"{RFC}.2.4.0": 22, f"{RFC}.4.1.0": 5}
    reading = readers.VOLTRONIC.parse(OWN | said | {f"{RFC}.1.2.0": bytes(32)})
    assert (reading.on_battery, reading.low, reading.charge_percent, reading.runtime_min) == (True, True, 22, 6)
    assert (reading.model, reading.replace, reading.input_v) == ("WPHVR3K0", True, 229.4)


def test_nonsense_is_unknown():
    nonsense = {oid: value for oid in OWN for value in (-1,)} | {f"{UPS}.3.1.0": 99, f"{UPS}.5.1.0": 9}
    reading = readers.VOLTRONIC.parse(nonsense | {f"{UPS}.1.3.0": b"\0"})
    assert all(getattr(reading, name) is None for name in reading.__slots__)
