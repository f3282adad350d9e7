"""Write requirements/*.txt: the exact versions installed now, split into what runs a shop and what develops one."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def closure(wanted: list[str]) -> dict[str, str]:
    """Name → installed version of these requirements and all they need."""
    found: dict[str, str] = {}
    todo = [Requirement(text) for text in wanted]
    seen: set[tuple[str, frozenset[str]]] = set()
    while todo:
        requirement = todo.pop()
        key = (normal(requirement.name), frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        try:
            installed = distribution(requirement.name)
        except PackageNotFoundError:
            continue
        found[key[0]] = installed.version
        for text in installed.requires or []:
            inner = Requirement(text)
            extras = requirement.extras or {""}
            if inner.marker is None or any(inner.marker.evaluate({"extra": extra}) for extra in extras | {""}):
                todo.append(inner)
    return found


def write(name: str, header: str, pins: dict[str, str]) -> None:
    lines = [header, *(f"{package}=={version}" for package, version in sorted(pins.items()))]
    (ROOT / "requirements" / name).write_text("\n".join(lines) + "\n")


def main() -> None:
    base = closure(PROJECT["project"]["dependencies"])
    everything = closure(
        [
            *PROJECT["project"]["dependencies"],
            *(wanted for extra in PROJECT["project"]["optional-dependencies"].values() for wanted in extra),
            *PROJECT["dependency-groups"]["dev"],
            *PROJECT["dependency-groups"]["build"],
        ]
    )
    build = closure(PROJECT["dependency-groups"]["build"])
    write("base.txt", "# What runs a shop. Made by scripts/pin.py.", base)
    write("build.txt", "# What builds the package and its static files. Made by scripts/pin.py.", build)
    rest = {name: version for name, version in everything.items() if name not in base and name not in build}
    write("dev.txt", "# What develops and tests it.  Made by scripts/pin.py.\n-r base.txt\n-r build.txt", rest)


if __name__ == "__main__":
    main()
