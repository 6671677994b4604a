"""The build backend: makes the wheel, with nothing but the standard library.

No backend from an index makes entry scripts that start isolated (data/entry.sh of the package) or
turns pages into man pages, and none could be had where the network is not: `pip install .`
needs nothing else. PEP 517, 660, 427 and 639 say what stands here.
"""

import base64
import csv
import hashlib
import io
import re
import stat
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import manpage  # noqa: E402 - beside this file

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
NAME = PROJECT["name"]
VERSION = re.search(r'__version__ = "(.+)"', (ROOT / f"src/{NAME}/__init__.py").read_text()).group(
    1
)
DIST_INFO = f"{NAME}-{VERSION}.dist-info"
DATA = f"{NAME}-{VERSION}.data"
# A fixed date (the earliest that zip knows) and fixed modes: the same tree, the same wheel.
DATE = (1980, 1, 1, 0, 0, 0)


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """PEP 517: the package, its pages, its scripts and its man pages."""
    files = {str(p.relative_to(ROOT / "src")): p.read_bytes() for p in _package()}
    files |= {f"{NAME}/pages/{p.name}": p.read_bytes() for p in _pages()}
    return _write(wheel_directory, files | _common())


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    """PEP 660: a path file in place of the package. The entry scripts know its name."""
    files = {f"{NAME}.pth": f"{ROOT / 'src'}\n".encode()}
    return _write(wheel_directory, files | _common())


def build_sdist(sdist_directory, config_settings=None):
    """PEP 517: everything a checkout has that a build, a test or a reader needs."""
    name = f"{NAME}-{VERSION}"
    tops = ("src", "tests", "contrib", "docs", "pyproject.toml", "README.md")
    tops += ("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "SECURITY.md", "mkdocs.yml")
    tops += (".pre-commit-config.yaml",)
    with tarfile.open(Path(sdist_directory) / f"{name}.tar.gz", "w:gz") as tar:
        for top in tops:
            tar.add(ROOT / top, f"{name}/{top}", filter=_clean)
        info = tarfile.TarInfo(f"{name}/PKG-INFO")
        info.size = len(_metadata())
        tar.addfile(info, io.BytesIO(_metadata()))
    return f"{name}.tar.gz"


def _clean(info):
    dirty = ("__pycache__", ".pytest_cache", ".hypothesis", ".mypy_cache", ".ruff_cache")
    return None if Path(info.name).name in dirty else info


def _package():
    root = ROOT / "src" / NAME
    data = [p for p in (root / "data").rglob("*") if p.is_file()]
    return sorted([*root.rglob("*.py"), root / "py.typed", *data])


def _pages():
    return sorted((ROOT / "docs/reference/tools").glob("py*.md"))


def _common():
    entry = (ROOT / f"src/{NAME}/data/entry.sh").read_text()
    files = {}
    for page in _pages():
        tool = page.stem
        files[f"{DATA}/scripts/{tool}"] = entry.replace("NAME", tool).encode()
        man = manpage.convert(page.read_text(), VERSION).encode()
        files[f"{DATA}/data/share/man/man8/{tool}.8"] = man
    files[f"{DIST_INFO}/licenses/LICENSE"] = (ROOT / "LICENSE").read_bytes()
    files[f"{DIST_INFO}/METADATA"] = _metadata()
    files[f"{DIST_INFO}/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: contrib/build\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    return files


def _metadata():
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {NAME}",
        f"Version: {VERSION}",
        f"Summary: {PROJECT['description']}",
        "Author: " + ", ".join(author["name"] for author in PROJECT["authors"]),
        f"License-Expression: {PROJECT['license']}",
        "License-File: LICENSE",
        f"Requires-Python: {PROJECT['requires-python']}",
        *(f"Project-URL: {label}, {url}" for label, url in PROJECT["urls"].items()),
        *(f"Classifier: {text}" for text in PROJECT["classifiers"]),
        *(f"Requires-Dist: {text}" for text in PROJECT["dependencies"]),
        *_extras(),
        "Description-Content-Type: text/markdown",
    ]
    return ("\n".join(lines) + "\n\n" + (ROOT / "README.md").read_text()).encode()


def _extras():
    for extra, needed in PROJECT.get("optional-dependencies", {}).items():
        yield f"Provides-Extra: {extra}"
        yield from (f'Requires-Dist: {text}; extra == "{extra}"' for text in needed)


def _write(directory, files):
    wheel = f"{NAME}-{VERSION}-py3-none-any.whl"
    record = io.StringIO()
    rows = csv.writer(record, lineterminator="\n")
    with zipfile.ZipFile(Path(directory) / wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(_info(path), content, zipfile.ZIP_DEFLATED)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
            rows.writerow([path, f"sha256={digest.decode()}", len(content)])
        rows.writerow([f"{DIST_INFO}/RECORD", "", ""])
        archive.writestr(_info(f"{DIST_INFO}/RECORD"), record.getvalue())
    return wheel


def _info(path):
    info = zipfile.ZipInfo(path, DATE)
    mode = 0o755 if "/scripts/" in path else 0o644
    info.external_attr = (stat.S_IFREG | mode) << 16
    return info
