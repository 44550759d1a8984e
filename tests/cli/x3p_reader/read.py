"""Reads X3P that casemark wrote with a program that is not ours, and says what it found. For tests/cli/x3p_reader.rs.

python read.py FILE.x3p... prints a line of JSON for each file: rows, columns, spacing in metres, the number of
measured heights and the SHA-256 of all heights (little-endian doubles in metres, missing ones NaN, rows from the top)
as x3pio reads them; what has a checksum that hashlib finds right; and the regions that the mask names, with their
number of pixels and the SHA-256 of the places of those pixels.
"""

import hashlib
import json
import sys
import xml.etree.ElementTree as ElementTree
import zipfile
from io import BytesIO

import numpy as np
import x3pio
from PIL import Image


def checksums(archive: zipfile.ZipFile, main: bytes, record3: ElementTree.Element) -> list[str]:
    """Entries whose stated MD5 is that of their content; fails on another."""
    stated = {"main.xml": archive.read("md5checksum.hex").decode().split()[0]}
    for link, checksum in (("DataLink/PointDataLink", "DataLink/MD5ChecksumPointData"),
                           ("Mask/MaskLink", "Mask/MD5ChecksumMask")):
        if (entry := record3.findtext(link)) is not None:
            stated[entry] = record3.findtext(checksum)
    for entry, wanted in stated.items():
        found = hashlib.md5(archive.read(entry)).hexdigest()
        assert found == wanted, f"{entry}: {found}, stated {wanted}"
    assert hashlib.md5(main).hexdigest() == stated["main.xml"]
    return sorted(stated)


def regions(archive: zipfile.ZipFile, record3: ElementTree.Element) -> dict[str, list]:
    """Pixels of every annotation, as x3ptools joins the picture with the names of its colours."""
    mask = record3.find("Mask")
    if mask is None:
        return {}
    pixels = np.asarray(Image.open(BytesIO(archive.read("bindata/mask.png"))).convert("RGB"))
    found = {}
    for each in mask.iter("Annotation"):
        colour = [int(each.get("color")[at : at + 2], 16) for at in (1, 3, 5)]
        there = (pixels == colour).all(axis=2)
        found[each.text] = [int(there.sum()), hashlib.sha256(there.astype("u1").tobytes()).hexdigest()]
    return found


def described(path: str) -> dict:
    with zipfile.ZipFile(path) as archive:
        main = archive.read("main.xml")
        record3 = ElementTree.fromstring(main).find("Record3")
        sound, parts = checksums(archive, main, record3), regions(archive, record3)
    surface = x3pio.read(path)
    (layer,) = surface.layers
    heights = np.array(layer.z, dtype="<f8") + 0.0  # No negative zero, which readers may lose.
    heights[np.isnan(heights)] = np.nan
    return {
        "rows": heights.shape[0],
        "columns": heights.shape[1],
        "x_m": float(layer.spacing[0]),
        "y_m": float(layer.spacing[1]),
        "valid": int(np.isfinite(heights).sum()),
        "sha256": hashlib.sha256(heights.tobytes()).hexdigest(),
        "checksums": sound,
        "regions": parts,
    }


for name in sys.argv[1:]:
    print(json.dumps(described(name)))
