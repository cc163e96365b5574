"""A network as a folder of CSV files, as docs/import.md describes it."""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator
from operator import itemgetter
from pathlib import Path

from uzel.subscribers.importing.problems import Problems
from uzel.subscribers.importing.tables import FILES, Records

Progress = Callable[[str, int, int], None]

# A file is read as a whole, bytes: a million subscribers take a tenth of it.
LARGEST = 2**30
# What Russian text in cp1251 is made of. UTF-8 read as cp1251 shows other signs at once.
_RUSSIAN = re.compile(r"[\x00-\x7fА-яЁё№«»–—…„“”’\xa0]*")


class Folder:
    """The files of a folder; those that are not there leave their part of Uzel as it is."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, problems: Problems, progress: Progress) -> dict[str, Records]:
        """Parse every file. What is wrong goes to `problems`; nothing is raised for what stands in the files."""
        found = {file.name for file in self.path.glob("*.csv")} if self.path.is_dir() else set()
        for name in sorted(found - FILES.keys()):
            problems.add(name, 0, "", "unknown_file")
        known = [name for name in FILES if name in found]
        if not known:
            problems.add(str(self.path), 0, "", "no_files")
        sizes = {name: self._size(name) for name in known}
        done, total = 0, sum(sizes.values())
        result = {}
        for name in known:
            progress(name, done, total)
            result[FILES[name].name] = self._read_file(name, problems)
            done += sizes[name]
        progress("", total, total)
        return result

    def _size(self, name: str) -> int:
        try:
            return (self.path / name).stat().st_size
        except OSError:
            return 0

    def _read_file(self, name: str, problems: Problems) -> Records:
        records = Records(FILES[name], name)
        text = self._text(records, problems)
        if text is None:
            return records
        header_line = text.split("\n", 1)[0]
        if not header_line.strip():
            records.lose(problems.add(name, 0, "", "empty_file"))
            return records
        rows = _rows(records, text, delimiter_of(header_line), problems)
        _, header = next(rows, (0, []))
        if header and (pick := _columns(records, header, problems)):
            for line, row in rows:
                if len(row) == len(header):
                    records.take(line, pick(row), problems)
                else:
                    cause = problems.add(name, line, "", "wrong_field_count", "", f"{len(row)} / {len(header)}")
                    records.miss(pick((row + [""] * len(header))[: len(header)]), cause)
        return records

    def _text(self, records: Records, problems: Problems) -> str | None:
        """The text of the file; None when it cannot be read, and `records` know why."""
        if self._size(records.file) > LARGEST:
            records.lose(problems.add(records.file, 0, "", "too_large"))
            return None
        path = self.path / records.file
        try:
            # A pipe would keep the import waiting for ever.
            content = path.read_bytes() if path.is_file() else None
        except OSError:
            content = None
        if content is None:
            records.lose(problems.add(records.file, 0, "", "unreadable"))
            return None
        return decode(records, content, problems)


def decode(records: Records, content: bytes, problems: Problems) -> str | None:
    """The text of a file: UTF-8 with or without a mark, UTF-16 with one, or Russian cp1251."""
    try:
        if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return content.decode("utf-16")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        text = content.decode("cp1251", errors="replace")
        if not content.startswith((codecs.BOM_UTF8, b"\xff", b"\xfe")) and _RUSSIAN.fullmatch(text):
            return text
        line = content.count(b"\n", 0, error.start) + 1
        records.lose(problems.add(records.file, line, "", "bad_encoding"))
        return None


def delimiter_of(header: str) -> str:
    """The comma, semicolon or tab that stands most often in the first row."""
    return max(",;\t", key=header.count)


def _rows(records: Records, text: str, delimiter: str, problems: Problems) -> Iterator[tuple[int, list[str]]]:
    """(line, fields) of every row that is not empty; the line is the one that the row begins on."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for row in reader:
            if row and any(row):
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        reason = "field_too_large" if "field limit" in str(error) else "broken_quotes"
        records.lose(problems.add(records.file, line, "", reason))


def _columns(records: Records, header: list[str], problems: Problems) -> Callable[[list[str]], tuple[str, ...]] | None:
    """What picks the table's columns, in its order, out of a row; None when the first row is not as it should be."""
    names = [text.strip().lower() for text in header]
    wanted = [column.name for column in records.table.columns]
    for column in wanted:
        if column not in names:
            records.lose(problems.add(records.file, 1, column, "missing_column"))
    for column in dict.fromkeys(names):
        if column not in wanted:
            records.lose(problems.add(records.file, 1, column, "unknown_column"))
        elif names.count(column) > 1:
            records.lose(problems.add(records.file, 1, column, "duplicate_column"))
    return None if records.lost else itemgetter(*map(names.index, wanted))
