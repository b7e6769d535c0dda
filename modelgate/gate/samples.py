"""The samples of slots, read: files that the settings name, at most 4 MB each, and regular ones alone."""

from __future__ import annotations

import errno
from collections.abc import Iterable

from modelgate.domain.sample import LARGEST, NoSample, Sample, parse_sample
from modelgate.domain.settings import Settings, Slot
from modelgate.domain.text import printable
from modelgate.small_file import read_small


def read(settings: Settings, slots: Iterable[Slot]) -> dict[str, Sample]:
    """By slot, of those that name one. What cannot be read is a sample with a problem."""
    return {slot.name: _read(settings, slot.sample) for slot in slots if slot.sample}


def _read(settings: Settings, written: str) -> Sample:
    path, name = settings.config_dir / written, printable(written)
    file = printable(path.as_posix())
    try:
        return Sample(name, file, parse_sample(read_small(path, LARGEST), name))
    except NoSample as error:
        return Sample(name, file, problem=str(error))
    except (OSError, ValueError) as error:
        return Sample(name, file, problem=_why(error))


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and error.errno == errno.EFBIG:
        return f"it is larger than {LARGEST // 2**20} MB"
    return f"it cannot be read: {error.strerror}" if isinstance(error, OSError) else "it cannot be read: no path"
