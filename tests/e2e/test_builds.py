# SPDX-License-Identifier: MIT
"""A dump is read with the binary that ran, or without any."""
import os
import subprocess

import pytest
from census import Census

SOURCE = """
#include <stdio.h>
#include <stdlib.h>
struct NAME { struct NAME *next; long number; };
struct NAME *list;
int main(void)
{
	for (int i = 0; i < 100; i++) {
		struct NAME *new = malloc(sizeof(*new));
		new->next = list;
		new->number = i;
		list = new;
	}
	puts("ready");
	fflush(stdout);
	return getchar() == 0;
}
"""


def build(folder, name, link):
    """At the same path each time."""
    (folder / "program.c").write_text(SOURCE.replace("NAME", name))
    subprocess.run(["gcc", "-O1", "-g", f"-Wl,{link}", "-o", "program", "program.c"], cwd=folder, check=True, timeout=60)
    return folder / "program"


@pytest.mark.parametrize("link, note", [("--build-id=none", "newer than the dump, and has no build id"),
                                        ("--build-id", "other build id")])
def test_a_later_build_says_nothing(link, note, preload, heapcensus, tmp_path):
    with Census([build(tmp_path, "before", link)], preload, tmp_path / "dumps") as run:
        run.expect("ready")
        dump = run.last_dump()
    assert "struct before" in heapcensus("show", "--no-cache", dump, "heap.bytype").stdout
    later = build(tmp_path, "after", link)
    done = heapcensus("show", "--no-cache", dump, "heap.bytype")
    assert note in done.stderr
    assert "struct" not in done.stdout
    # A copy that the reader chose is believed where nothing speaks against it.
    os.mkdir(tmp_path / "copies")
    later.rename(tmp_path / "copies" / "program")
    chosen = heapcensus("show", "--no-cache", dump, "heap.bytype", env={**os.environ, "HEAPCENSUS_SYMBOLS": str(tmp_path / "copies")})
    assert ("struct after" in chosen.stdout) == (link == "--build-id=none")
