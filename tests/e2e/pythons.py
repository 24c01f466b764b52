# SPDX-License-Identifier: MIT
"""The CPythons of this machine: the system's, those on PATH, pyenv's."""
import functools
import os
import pathlib
import subprocess

SYSTEM = "/usr/bin/python3"
VERSIONS = ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13"]


def _candidates(version):
    yield SYSTEM
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        yield os.path.join(folder, f"python{version}")
    for root in filter(None, [os.environ.get("PYENV_ROOT"), os.path.expanduser("~/.pyenv")]):
        yield from map(str, sorted(pathlib.Path(root, "versions").glob(f"{version}.*/bin/python3")))


@functools.lru_cache(maxsize=None)
def version_of(executable):
    """"3.11", or None where it does not run (pyenv's shims of versions that are not chosen do not)."""
    script = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              timeout=60, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


@functools.lru_cache(maxsize=None)
def find_python(version):
    """The executable itself (no shim in front of it), or None."""
    for path in _candidates(version):
        if os.access(path, os.X_OK) and version_of(path) == version:
            done = subprocess.run([path, "-c", "import sys; print(sys.executable)"], stdout=subprocess.PIPE,
                                  timeout=60, text=True, check=True)
            return done.stdout.strip()
    return None


@functools.lru_cache(maxsize=None)
def find_libpython(version):
    """(path of libpythonX.Y.so, PYTHONHOME), or None."""
    python = find_python(version)
    if not python:
        return None
    script = ("import sys, sysconfig; v = sysconfig.get_config_var; "
              "print(v('LIBDIR'), v('INSTSONAME'), sys.base_prefix, sep='\\n')")
    done = subprocess.run([python, "-c", script], stdout=subprocess.PIPE, timeout=60, text=True, check=True)
    folder, name, home = done.stdout.splitlines()
    path = os.path.join(folder, name)
    return (path, home) if ".so" in name and os.path.exists(path) else None
