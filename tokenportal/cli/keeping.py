"""The system's keyring. Where there is none, or it doesn't work, the caller keeps the token in a file.

keyring is slow to load, so it is loaded when it is asked. Its backends raise whatever theirs raise,
which is why every exception is taken for a keyring that doesn't work.
"""

_SERVICE = "tokenportal"


def keep(url: str, token: str) -> bool:
    """Whether the keyring has it now: some only pretend, so it is read back."""
    import keyring

    try:
        keyring.set_password(_SERVICE, url, token)
        return keyring.get_password(_SERVICE, url) == token
    except Exception:
        return False


def kept(url: str) -> str | None:
    import keyring

    try:
        return keyring.get_password(_SERVICE, url)
    except Exception:
        return None


def forget(url: str) -> None:
    import keyring

    try:
        keyring.delete_password(_SERVICE, url)
    except Exception:  # there is none, or it is gone already
        return
