"""placeholder"""

from pathlib import Path


class NetBox:
    def __init__(self, url: str, token: str) -> None: ...
    def read(self, problems, progress):
        return {}


class Export:
    def __init__(self, path: Path) -> None: ...
    def read(self, problems, progress):
        return {}
