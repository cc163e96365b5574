"""Values of SMIv2 (RFC 2578) as agents really give them: numbers in strings, padding, -1 for "unknown".

A driver page asks for a number, a text or a MAC and gets None for everything that is not one.
"""

from collections.abc import Callable, Collection, Mapping

Value = int | float | str | bytes | None
Rows = Mapping[str, Value]
Index = tuple[int, ...]

# Agents give these for "unknown": the largest Integer32, Unsigned32 and their negative ones.
UNKNOWN = frozenset({2147483647, 4294967295, -2147483648})


def number(value: Value, *, low: float | None = None, high: float | None = None, scale: float = 1) -> float | None:
    """`value` times `scale` when it is a number, or a text that is only a number; None outside of `low`…`high`.

    The limits are of the scaled value, both included.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, str | bytes):
        try:
            value = float(text(value) or "")
        except ValueError:
            return None
    # No value of SMIv2 is wider than Counter64; this also turns away infinities and what is not a number at all.
    if value is None or value in UNKNOWN or not abs(value) < 2**64:
        return None
    result = round(value * scale, 6)
    if (low is not None and result < low) or (high is not None and result > high):
        return None
    return result


def whole(value: Value, *, low: int = 0, high: int = 2147483646) -> int | None:
    """`value` as an integer of `low`…`high`; None when it is not one."""
    result = number(value, low=low, high=high)
    return int(result) if result is not None and result == int(result) else None


def counter(value: Value, *, bits: int = 32) -> int | None:
    """A counter of `bits`; text is taken too, a negative or too large one is not. Every value of the range is good."""
    if isinstance(value, str | bytes):
        plain = text(value) or ""
        value = int(plain) if plain.isascii() and plain.isdigit() and len(plain) <= 20 else None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**bits:
        return None
    return value


def flag(value: Value, *, yes: Collection[int], no: Collection[int]) -> bool | None:
    """An enumeration as yes or no; None for every other value."""
    code = whole(value)
    return True if code in yes else False if code in no else None


def text(value: Value) -> str | None:
    """Text without padding, NULs and the quotes that some agents wrap it in; None when nothing is left."""
    if value is None:
        return None
    plain = (_decoded(value) if isinstance(value, bytes) else str(value)).replace("\0", "").strip()
    if len(plain) >= 2 and plain[0] == plain[-1] == '"':
        plain = plain[1:-1].strip()
    return plain or None


def mac(value: Value) -> str | None:
    """A MAC address as twelve lower-case hex digits, from six octets or from its text in any writing."""
    if isinstance(value, bytes) and len(value) == 6:
        return value.hex()
    digits = (text(value) or "").lower().removeprefix("0x")
    for separator in ":-. ":
        digits = digits.replace(separator, "")
    return digits if len(digits) == 12 and all(c in "0123456789abcdef" for c in digits) else None


def index_mac(index: Index) -> str | None:
    """The MAC address that the first six numbers of an index spell; None when they are not octets."""
    if len(index) < 6 or any(not 0 <= n <= 255 for n in index[:6]):
        return None
    return bytes(index[:6]).hex()


def column(rows: Rows, oid: str) -> dict[Index, Value]:
    """One column of a table: index -> value. Rows whose index is not of numbers are passed over."""
    return {index: cells[oid] for index, cells in table(rows, {oid: oid}).items()}


def table(rows: Rows, columns: Mapping[str, str]) -> dict[Index, dict[str, Value]]:
    """The named columns (name -> OID) of a table, by index; a cell that the agent left out is absent."""
    result: dict[Index, dict[str, Value]] = {}
    for name, oid in columns.items():
        start = oid + "."
        for key, value in rows.items():
            if key.startswith(start) and (index := _index(key[len(start) :])) is not None:
                result.setdefault(index, {})[name] = value
    return result


def scalar(rows: Rows, oid: str) -> Value:
    """The value of a scalar, with the .0 that RFC 2578 wants or, as some agents have it, without."""
    return rows.get(oid + ".0", rows.get(oid))


def dbm(value: Value) -> float | None:
    """Light in tenths of dBm, as optical receivers and amplifiers tell it."""
    return number(value, low=-60, high=40, scale=0.1)


def dbm_column(rows: Rows, oid: str) -> dict[int, float | None]:
    """Such light by the number of its input."""
    return {index[0]: dbm(value) for index, value in column(rows, oid).items() if len(index) == 1}


def lines(rows: Rows, oid: str, read: Callable[[Value], float | None]) -> tuple[float, ...]:
    """The readable values of one column, in the order of their index."""
    values = (read(value) for _, value in sorted(column(rows, oid).items()))
    return tuple(value for value in values if value is not None)


def _decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        # Older agents keep Russian descriptions in the code page of the engineer's Windows.
        return value.decode("cp1251", errors="replace")


def _index(tail: str) -> Index | None:
    try:
        return tuple(int(part) for part in tail.split("."))
    except ValueError:
        return None
