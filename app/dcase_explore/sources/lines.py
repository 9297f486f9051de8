"""Lines of a CSV file."""

import csv
from collections.abc import Iterator
from pathlib import Path

from dcase_explore.errors import ExploreError

MAX_BYTES = 64 * 2**20


def rows(path: Path, where: str, most: int) -> Iterator[tuple[int, list[str]]]:
    """Number of the line that a row ends in, and its fields, stripped, of each row that is not blank."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ExploreError(f"{where} is larger than {MAX_BYTES // 2**20} MB: that is no table of {most:,} clips")
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines)
            for row in reader:
                fields = [field.strip() for field in row]
                if any(fields):
                    yield reader.line_num, fields
    except OSError as error:
        raise ExploreError(f"{where} cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ExploreError(f"{where} is not a CSV text file ({error})") from error
