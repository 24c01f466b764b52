# SPDX-License-Identifier: MIT
"""Every rule of the format, broken once: the reader names the file, the place, and what is wrong there."""
import re

import crafted
import hcdump
import pytest


@pytest.mark.parametrize('name, build_dump, expected', crafted.CASES, ids=[c[0] for c in crafted.CASES])
def test_crafted(name, build_dump, expected, heapcensus, tmp_path):
    path = tmp_path / (name + '.hc')
    path.write_bytes(build_dump())
    done = heapcensus('info', path, check=False)
    if expected == '^$':
        assert (done.returncode, done.stderr) == (0, '')
        return
    assert done.returncode == 1
    assert done.stdout == ''
    assert done.stderr.startswith('heapcensus: %s: ' % path)
    assert re.search(expected, done.stderr), done.stderr


def test_two_writers_agree(heapcensus, build, tmp_path):
    """The Python reader finds in the C generator's dump what the C reader finds there."""
    path = tmp_path / 'big.hc'
    if not (build / 'tests/dumps/big').exists():
        pytest.fail('ninja -C %s tests/dumps/big' % build)
    import subprocess
    subprocess.run([build / 'tests/dumps/big', path, '100000'], check=True, timeout=60)
    dump = hcdump.Dump(path)
    assert len(dump.blocks) == 100000
    assert 'Blocks      100000 of ' in heapcensus('info', path).stdout
