"""Secrets of devices as they lie in a database: ciphertexts (Fernet, AES with HMAC), the key elsewhere."""

import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

KEY_FILE = "credentials_key"


class SecretsError(Exception):
    """A secret cannot be had. `code`: bad_key (not a key at all), wrong_key (sealed by another one), no_key."""

    def __init__(self, code: str) -> None:
        """Keep the code; neither key nor secret is told."""
        super().__init__(code)
        self.code = code
        self.permanent = True


def keys(given: str, home: Path, *, sealed: bool = False) -> MultiFernet:
    """The keys of `given`, comma-separated (the first one seals, all of them open, so that a key can be changed).

    Without any, one is made and kept in `home`, readable by its owner only; but where something is `sealed` already, a
    new key would open none of it: the old one is missed by name. Raises SecretsError.
    """
    text = given.strip() or _kept(home / KEY_FILE, sealed=sealed)
    try:
        return MultiFernet([Fernet(key.strip()) for key in text.split(",")])
    except ValueError:
        raise SecretsError("bad_key") from None


def seal(keys: MultiFernet, secret: str) -> str:
    """The ciphertext; an empty secret stays empty."""
    return keys.encrypt(secret.encode()).decode() if secret else ""


def unseal(keys: MultiFernet, sealed: str) -> str:
    """The secret. Raises SecretsError("wrong_key")."""
    try:
        return keys.decrypt(sealed.encode()).decode() if sealed else ""
    except InvalidToken:
        raise SecretsError("wrong_key") from None


def _kept(path: Path, *, sealed: bool) -> str:
    if sealed and not path.exists():
        raise SecretsError("no_key")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open(path, "x", opener=_owner_only) as file:
            file.write(Fernet.generate_key().decode())
    except FileExistsError:
        pass
    return path.read_text()


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
