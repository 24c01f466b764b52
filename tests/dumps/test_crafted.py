# SPDX-License-Identifier: MIT
"""Every rule of the format, broken once: the reader names the file, the place, and what is wrong there."""
import json
import re
import subprocess

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


def big(build, path, *arguments):
    """The C generator's dump."""
    program = build / 'tests/dumps/big'
    if not program.exists():
        pytest.fail('ninja -C %s tests/dumps/big' % build)
    subprocess.run([program, path, *arguments], check=True, timeout=60)
    return path


def test_two_writers_agree(heapcensus, build, tmp_path):
    """The Python reader finds in the C generator's dump what the C reader finds there."""
    path = big(build, tmp_path / 'big.hc', '100000')
    dump = hcdump.Dump(path)
    assert len(dump.blocks) == 100000
    assert 'Blocks      100000 of ' in heapcensus('info', path).stdout


# name: pointers that 5000 blocks of the shape have, the root's included
SHAPES = {'chain': 5000, 'circle': 5001, 'tree': 10000, 'star': 5001, 'array': 45001, 'stacks': 10000, 'threads': 10000,
          'modules': 10000, 'labels': 10000, 'nested': 10000}


@pytest.mark.parametrize('shape', SHAPES)
def test_shapes(shape, heapcensus, build, tmp_path):
    """Each shape of the generator is a dump with the references that it says."""
    path = big(build, tmp_path / 'big.hc', '5000', shape)
    told = json.loads(heapcensus('info', '--json', path).stdout)
    assert sum(told['references'].values()) == SHAPES[shape]
