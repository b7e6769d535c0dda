"""Keys and origins, as far as they are known without the SDK."""

from __future__ import annotations

import hmac
import subprocess
import sys
from pathlib import Path

import pytest

from modelgate.api.credential import Credential, known_credential, origin_of
from modelgate.domain.errors import SettingsError
from modelgate.domain.settings import ApiSettings

KEY = "sk-ant-canary-0123456789"
SALT = b"salt of the store"


def _known(api: ApiSettings | None = None, **environ: str) -> Credential:
    credential = known_credential(api or ApiSettings(), environ)
    assert credential is not None
    return credential


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://api.anthropic.com", "https://api.anthropic.com"),
        ("https://API.Anthropic.com:443/v1/?q", "https://api.anthropic.com"),
        ("http://user:secret@gateway:8080/claude", "http://gateway:8080"),
        ("http://[::1]:80", "http://[::1]"),
    ],
)
def test_an_origin_is_scheme_host_and_unusual_port(url: str, origin: str) -> None:
    """Case, default ports, paths and passwords are no part of an origin."""
    assert origin_of(url) == origin


@pytest.mark.parametrize("url", ["", "api.anthropic.com", "ftp://host", "https://", "https://host:99999", "http://[::"])
def test_no_origin(url: str) -> None:
    """What is no http(s) URL has no origin."""
    with pytest.raises(ValueError, match=r"."):
        origin_of(url)


def test_the_digest_tells_keys_apart_and_shows_none() -> None:
    """Another key, kind, route, header or salt is another digest; the key shows neither in it nor in the repr."""
    base = _known(ANTHROPIC_API_KEY=KEY)
    others = [
        _known(ANTHROPIC_API_KEY=KEY + "x"),
        _known(ANTHROPIC_AUTH_TOKEN=KEY),
        _known(ANTHROPIC_API_KEY=KEY, ANTHROPIC_BASE_URL="https://api.anthropic.com/other"),
        _known(ANTHROPIC_API_KEY=KEY, ANTHROPIC_CUSTOM_HEADERS="anthropic-workspace-id: wrkspc_1"),
    ]
    digests = {credential.digest(SALT) for credential in (base, *others)} | {base.digest(b"another")}
    assert len(digests) == 6
    assert base.digest(SALT) == _known(ANTHROPIC_API_KEY=KEY, ANTHROPIC_AUTH_TOKEN="shadowed").digest(SALT)
    assert KEY not in repr(base)
    assert base.origin == "https://api.anthropic.com"


def test_the_setting_wins_over_the_variable() -> None:
    """`base_url` is the origin, whatever ANTHROPIC_BASE_URL says."""
    api = ApiSettings(base_url="https://gateway.example/claude")
    assert _known(api, ANTHROPIC_API_KEY=KEY, ANTHROPIC_BASE_URL="https://b").origin == "https://gateway.example"


@pytest.mark.parametrize(
    ("api", "environ"),
    [
        (ApiSettings(), {}),
        (ApiSettings(), {"ANTHROPIC_PROFILE": "work"}),
        (ApiSettings(platform="aws"), {"ANTHROPIC_API_KEY": KEY}),
        (ApiSettings(base_url="nonsense"), {"ANTHROPIC_API_KEY": KEY}),
    ],
)
def test_what_only_the_sdk_can_tell_is_not_known(api: ApiSettings, environ: dict[str, str]) -> None:
    """Profiles, federation and clouds are for the SDK to resolve."""
    assert known_credential(api, environ) is None


def test_a_key_file_is_read_at_use_and_stripped(tmp_path: Path) -> None:
    """The file's key is the same as the variable's, and a rotated file is another credential."""
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    api = ApiSettings(key_file=file)
    first = _known(api).digest(SALT)
    assert first == _known(ANTHROPIC_API_KEY=KEY).digest(SALT)
    file.write_text("another")
    assert _known(api).digest(SALT) != first


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b"x" * 20_000, "too large"),
        (KEY.encode() + b"\nsecond line", "holds a space, a line break"),
        (KEY.encode() + b"\xff", "holds a space, a line break"),
    ],
)
def test_an_unusable_key_file_is_a_settings_error(tmp_path: Path, content: bytes, says: str) -> None:
    """It exits 2, names the file and shows nothing of what is in it."""
    file = tmp_path / "key"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=says) as caught:
        known_credential(ApiSettings(key_file=file), {})
    assert str(file) in caught.value.message
    assert KEY not in caught.value.message
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", ["missing", "."])
def test_an_unreadable_key_file_is_a_settings_error(tmp_path: Path, name: str) -> None:
    """A missing file and a folder are named with the system's reason."""
    with pytest.raises(SettingsError, match="cannot read the key file"):
        known_credential(ApiSettings(key_file=tmp_path / name), {})


def test_a_key_with_a_line_break_never_reaches_a_header() -> None:
    """The HTTP library would quote such a key in its own error."""
    with pytest.raises(SettingsError, match=r"\$ANTHROPIC_API_KEY holds") as caught:
        known_credential(ApiSettings(), {"ANTHROPIC_API_KEY": f"{KEY}\n"})
    assert KEY not in caught.value.message


def test_none_of_it_imports_the_sdk() -> None:
    """The reused path knows its credential without the SDK, its HTTP library or TLS."""
    program = (
        "import sys; from modelgate import api; from modelgate.domain.settings import ApiSettings;"
        "api.known_credential(ApiSettings(), {'ANTHROPIC_API_KEY': 'k'}).digest(b's');"
        "print(sorted({'anthropic', 'httpx2', 'pydantic', 'ssl'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_a_short_key_is_slow_to_guess() -> None:
    """Whoever reads the store has digest and salt: a guess at a gateway's word for a token must cost him something."""
    credential = _known(ANTHROPIC_API_KEY="letmein")
    fast = hmac.new(SALT, b"".join(len(p).to_bytes(8) + p for p in map(str.encode, credential._parts)), "sha256")
    assert credential.digest(SALT) == credential.digest(SALT)
    assert credential.digest(SALT) != fast.hexdigest()
    assert credential.digest(SALT) != _known(ANTHROPIC_API_KEY="letmeim").digest(SALT)
