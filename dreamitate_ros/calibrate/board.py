"""The ChArUco board: what it looks like, and where its corners are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.values import Array

DICTIONARIES = tuple(
    f"DICT_{bits}X{bits}_{count}" for bits in (4, 5, 6, 7) for count in (50, 100, 250, 1000)
)  # fmt: skip
MM = 1e-3
PAPERS_MM = {"A4": (297.0, 210.0), "A3": (420.0, 297.0), "Letter": (279.4, 215.9)}


@dataclass(frozen=True)
class Board:
    """A chessboard with an ArUco marker in each white square.

    Its frame lies in the printed face: origin at the outer corner of the first, black square, x along the columns,
    y along the rows, z into the board. marker_m: side of a marker's black frame. thickness_m: from the printed face
    to the face that lies on the table.
    """

    columns: int = 7
    rows: int = 5
    square_m: float = 0.038
    marker_m: float = 0.028
    dictionary: str = "DICT_5X5_100"
    thickness_m: float = 0.0

    def __post_init__(self) -> None:
        """Raise INVALID_PARAMETER for what cannot be printed."""
        if self.dictionary not in DICTIONARIES:
            raise _invalid(
                f"its dictionary must be one of {', '.join(DICTIONARIES)}; found {self.dictionary}"
            )
        if self.columns < 3 or self.rows < 3:
            raise _invalid(f"it needs at least 3 columns and 3 rows; found {self.columns} and {self.rows}")
        if not 0 < self.marker_m < self.square_m <= 1:
            raise _invalid(
                f"its markers ({self.marker_m} m) must be smaller than its squares ({self.square_m} m)"
            )
        if not 0 <= self.thickness_m < 0.1:
            raise _invalid(f"its thickness must be in metres, below 0.1; found {self.thickness_m}")
        if self.markers > self.bits.bytesList.shape[0]:
            raise _invalid(f"its {self.markers} markers are more than {self.dictionary} holds")

    @property
    def markers(self) -> int:
        """How many markers are on it: one in each white square."""
        return self.columns * self.rows // 2

    @property
    def corners_m(self) -> Array:
        """(N, 3) the chessboard's inner corners in the order of their ids, in the board's frame."""
        x, y = np.meshgrid(np.arange(1, self.columns), np.arange(1, self.rows))
        return self.square_m * np.column_stack([x.ravel(), y.ravel(), np.zeros(x.size)]).astype(float)

    @property
    def size_m(self) -> tuple[float, float]:
        """Width and height of the pattern."""
        return self.columns * self.square_m, self.rows * self.square_m

    @property
    def bits(self) -> cv2.aruco.Dictionary:
        """OpenCV's dictionary of the markers."""
        return cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, self.dictionary))

    def detector(self) -> cv2.aruco.CharucoDetector:
        """OpenCV's detector of this board."""
        size = (self.columns, self.rows)
        return cv2.aruco.CharucoDetector(
            cv2.aruco.CharucoBoard(size, self.square_m, self.marker_m, self.bits)
        )

    def __str__(self) -> str:
        return (
            f"{self.columns} x {self.rows} squares of {self.square_m / MM:g} mm,"
            f" markers of {self.marker_m / MM:g} mm, {self.dictionary}"
        )


def board_from(content: Mapping[str, Any]) -> Board:
    """The board described by a mapping with the fields of Board; raises INVALID_PARAMETER."""
    try:
        return Board(**{key: _number(value) for key, value in content.items()})
    except TypeError:
        raise _invalid(
            f"it is described by {', '.join(Board.__dataclass_fields__)}; found {dict(content)!r}"
        ) from None


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError
    return value


def _invalid(reason: str) -> DreamitateError:
    return DreamitateError(ErrorCode.INVALID_PARAMETER, f"the board cannot be used: {reason}")
