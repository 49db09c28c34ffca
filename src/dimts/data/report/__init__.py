"""The report of a dataset: `report.html` in its folder, one file that opens without network or program.

Equal datasets give equal bytes. Players point at `audio/` beside the page, so the page travels with its folder.
"""

from pathlib import Path
from typing import Any

from dimts.data.manifest import REPORT, Dataset
from dimts.data.report import numbers, page
from dimts.errors import DataError
from dimts.files import write_text


def write(dataset: Dataset) -> Path:
    """Write the report into the dataset's folder; return its path. DataError when the disk refuses."""
    path = dataset.folder / REPORT
    try:
        write_text(path, page.page(numbers.of(dataset)))
    except OSError as error:
        again = f"the dataset is whole; see to the disk and run `dimts report {dataset.folder}`"
        raise DataError(f"{path}: cannot be written: {error.strerror}; {again}") from error
    return path


def facts(dataset: Dataset) -> dict[str, Any]:
    """Give the report's numbers, for programs."""
    return numbers.facts(numbers.of(dataset))
