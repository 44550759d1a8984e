"""Writes one small surface in every topography format that casemark reads beside X3P, by programs that are not ours.

python3 -m venv V && V/bin/pip install surfalize==0.19.2 rosettasciio==0.15.0 sdfio==2.0.0 && V/bin/python write.py

20 columns of 5 um, 16 rows of 6.25 um; height in um of row r, column c: ((7 r + 3 c) mod 11 - 4) / 4 + c / 10;
not measured at (2, 3) and (10, 17). BCR-1.0 as sdfio writes it begins with the last row. Dates are the day of writing.
"""

from pathlib import Path

import numpy as np
import sdfio
from rsciio.digitalsurf import file_writer
from surfalize import Surface

FOLDER = Path(__file__).parent
rows, columns = np.mgrid[0:16, 0:20]
micrometres = ((7 * rows + 3 * columns) % 11 - 4) / 4 + columns / 10
micrometres[2, 3] = micrometres[10, 17] = np.nan

surface = Surface(micrometres, 5.0, 6.25)
surface.save(FOLDER / "surfalize.al3d")
surface.save(FOLDER / "surfalize.sur")
surface.save(FOLDER / "surfalize-compressed.sur", compressed=True)
surface.save(FOLDER / "surfalize-binary.sdf")
surface.save(FOLDER / "surfalize-text.sdf", binary=False)


def axis(name, index, size, scale):
    return {"name": name, "size": size, "index_in_array": index, "scale": scale, "offset": 0.0, "units": "µm",
            "navigate": False, "is_binned": False}


signal = {
    "data": micrometres,
    "axes": [axis("Y", 0, 16, 6.25), axis("X", 1, 20, 5.0)],
    "metadata": {"General": {}, "Signal": {"quantity": "Height (µm)"}},
    "original_metadata": {},
}
for compressed in (False, True):
    name = "rosettasciio-compressed.sur" if compressed else "rosettasciio.sur"
    file_writer(FOLDER / name, signal, set_comments="off", is_special=True, compressed=compressed)

text, binary = sdfio.FileFormat.ASCII, sdfio.FileFormat.BINARY
whole, double = sdfio.DataType.INT32, sdfio.DataType.BINARY64
for revision, kind, data_type in [
    ("ISO-1.0", text, whole),
    ("ISO-1.0", binary, double),
    ("ISO-2.0", binary, whole),
    ("BCR-1.0", text, whole),
    ("BCR-1.0", binary, whole),
]:
    metadata = sdfio.Metadata(revision=sdfio.Revision(revision), data_type=data_type)
    z_scale = 1e-12 if data_type == whole else 1e-6
    name = f"sdfio-{revision}-{kind.name}.sdf".lower()
    sdfio.write(FOLDER / name, micrometres * 1e-6, x_scale=5e-6, y_scale=6.25e-6, z_scale=z_scale, format=kind,
                metadata=metadata)
