# SPDX-License-Identifier: MIT
"""C++ types, symbols and stack frames of real binaries, against what the program says about itself."""
import collections
import json
import os
import shutil
import subprocess

import outside
import pytest
from census import Census

VARIANTS = ['rtti', 'rtti stripped', 'no_rtti', 'no_rtti stripped', 'static', 'static stripped', 'fixed', 'fixed stripped']
TYPED = ('vtable-rtti', 'vtable-symbol', 'vtable-shape')


class Run:
    """One run of classes.cc: what it said, and its dump, by the preload or else from outside."""

    def __init__(self, executable, dump, preload=None, env=None):
        self.objects, self.arrays, self.blocks, self.locals = {}, {}, [], {}
        with Census([executable], preload, dump.parent / 'dumps', env=env) as program:
            for line in program.process.stdout:
                words = line.decode().rstrip('\n').split(' ', 2)
                if words[0] == 'ready':
                    break
                self.said(*words)
            if preload:
                program.signal()
                shutil.copy(program.new_file(), dump)
            else:
                wait_until_it_reads(program.pid)
                outside.census(program.pid, self.blocks, dump)
            status, _, err = program.finish()
            assert (status, err) == (0, '')

    def said(self, what, first, second):
        if what == 'object':
            self.objects[int(first, 16)] = second
        elif what == 'arrayof':
            self.arrays[int(first, 16)] = second + '[]'
        elif what == 'block':
            size, site = second.split()
            self.blocks.append((int(first, 16), int(size), [int(pc, 16) for pc in site.split(",")]))
        else:
            self.locals[first] = int(second, 16)


def wait_until_it_reads(pid):
    for _ in range(1000):
        with open('/proc/%d/syscall' % pid, encoding='ascii') as file:
            if file.read().startswith('0 0x0 '):
                return
    pytest.fail('the program never came to its read()')


@pytest.fixture
def listing(build):
    """listing(dump): ({address: (provenance, type, [relations by which roots hold it])}, notes)."""
    def run(dump):
        done = subprocess.run([build / 'tests/e2e/list_types', dump], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        rows = [line.split('\t') for line in done.stdout.splitlines()]
        return ({int(addr, 16): (provenance, name, roots.split(';')) for addr, provenance, name, roots in rows},
                done.stderr.splitlines())

    return run


@pytest.fixture
def variant(build, tmp_path):
    """variant(name): the path of one build of classes.cc."""
    def find(name):
        path = build / ('tests/e2e/e2e_classes_' + name.split()[0])
        if not name.endswith('stripped'):
            return path
        stripped = tmp_path / path.name
        subprocess.run(['strip', '-o', stripped, path], check=True, timeout=60)
        return stripped

    return find


@pytest.mark.parametrize('name', VARIANTS)
def test_types(variant, listing, tmp_path, name):
    run = Run(variant(name), tmp_path / 'x.hc')
    assert_types(run, name, *listing(tmp_path / 'x.hc'))


@pytest.mark.parametrize('name', VARIANTS)
def test_types_in_a_census(variant, listing, preload, tmp_path, name):
    run = Run(variant(name), tmp_path / 'x.hc', preload)
    assert_types(run, name, *listing(tmp_path / 'x.hc'))


def test_types_without_the_binary(variant, listing, preload, tmp_path):
    """The dump carries what the types of its objects are named by."""
    executable = tmp_path / 'program'
    shutil.copy(variant('rtti stripped'), executable)
    run = Run(executable, tmp_path / 'x.hc', preload)
    executable.unlink()
    found, notes = listing(tmp_path / 'x.hc')
    assert_types(run, 'rtti', found, [note for note in notes if str(executable) not in note])


def test_types_by_pointers_alone(variant, listing, preload, tmp_path):
    """contents=pointers has zeroes where there was anything else: classes are known, contents are not."""
    run = Run(variant('rtti'), tmp_path / 'x.hc', preload, {'HEAPCENSUS_CONTENTS': 'pointers'})
    found, notes = listing(tmp_path / 'x.hc')
    assert_types(run, 'rtti', found, notes)
    # debug information of the C library, where it is installed, tells of the library's own blocks
    others = {'dwarf', 'propagated', 'inferred'}
    assert {provenance for provenance, _, _ in found.values()} - others == {'vtable-rtti', 'site'}


def assert_types(run, name, found, notes):
    """No type is wrong; with RTTI or symbols every object's is known by name, else at least told apart."""
    truth = {**run.objects, **run.arrays}
    typed = {addr: kind for addr, (provenance, kind, _) in found.items() if provenance in TYPED}
    assert len(run.objects) == 90 and not notes
    assert not set(typed) - set(truth), 'blocks that are no objects were given a class'
    if name == 'no_rtti stripped':
        assert set(typed) >= set(run.objects)
        assert_told_apart(run.objects, typed)
    else:
        assert {addr: typed.get(addr) for addr in truth} == truth


def assert_told_apart(objects, typed):
    """One class, one label, of the form class@module+0x..."""
    labels = collections.defaultdict(set)
    for addr, kind in objects.items():
        assert typed[addr].startswith('class@e2e_classes_no_rtti+0x')
        labels[kind].add(typed[addr])
    assert all(len(names) == 1 for names in labels.values())
    assert len(set.union(*labels.values())) == len(labels)


@pytest.mark.parametrize('name', ['rtti', 'fixed', 'static'])
def test_names_of_roots(variant, listing, tmp_path, name):
    """Globals by symbol, stack words by frame."""
    run = Run(variant(name), tmp_path / 'x.hc')
    found, _ = listing(tmp_path / 'x.hc')
    roots = {relation for _, _, relations in found.values() for relation in relations}
    assert {'::diamonds', '::diamonds+0x8', '::diamonds+0x10', '::first_shape'} <= roots
    held = found[run.locals['hold_on_stack']][2]
    assert any(r.startswith('<stack hold_on_stack') for r in held), held


def test_wrappers_are_no_sites(variant, listing, tmp_path):
    run = Run(variant('rtti'), tmp_path / 'x.hc')
    found, _ = listing(tmp_path / 'x.hc')
    loaded = [addr for addr, _, site in run.blocks if len(site) > 1]
    assert [found[addr][:2] for addr in loaded] == [('site', '<load_table>')]


def test_changed_binary_is_noted(variant, listing, tmp_path):
    """A binary of another build gives no names; the dump's own memory still gives what it can, and nothing wrong."""
    executable = tmp_path / 'program'
    shutil.copy(variant('rtti'), executable)
    run = Run(executable, tmp_path / 'x.hc')
    shutil.copy(variant('no_rtti'), executable)
    found, notes = listing(tmp_path / 'x.hc')
    assert [n for n in notes if str(executable) in n] == [
        f'{executable} is not the build that ran (other build id): its functions and data are shown as program+0x...']
    for addr, (provenance, kind, _) in found.items():
        if provenance in ('vtable-rtti', 'vtable-symbol'):
            assert {**run.objects, **run.arrays}.get(addr) == kind
    assert any(kind.startswith('<program+0x') for _, kind, _ in found.values())


def test_missing_binary_is_noted(variant, listing, tmp_path):
    executable = tmp_path / 'program'
    shutil.copy(variant('rtti'), executable)
    Run(executable, tmp_path / 'x.hc')
    executable.unlink()
    _, notes = listing(tmp_path / 'x.hc')
    assert [n for n in notes if str(executable) in n] == [
        f'{executable} is not on this machine: its functions and data are shown as program+0x...']


def test_copies_of_binaries_elsewhere(variant, heapcensus, tmp_path):
    (tmp_path / 'here').mkdir()
    (tmp_path / 'there').mkdir()
    executable = tmp_path / 'here' / 'program'
    shutil.copy(variant('rtti'), executable)
    Run(executable, tmp_path / 'x.hc')
    executable.rename(tmp_path / 'there' / 'program')
    without = heapcensus('show', '--all', tmp_path / 'x.hc')
    found = heapcensus('show', '--all', tmp_path / 'x.hc', env={**os.environ, 'HEAPCENSUS_SYMBOLS': str(tmp_path / 'there')})
    assert '<load_table>' not in without.stdout and 'is not on this machine' in without.stderr
    assert '<load_table>' in found.stdout and not found.stderr


@pytest.mark.parametrize('size, why', [(0.5, 'is damaged: its end is missing'), (0, 'cannot be read as an ELF file')])
def test_damaged_copies_are_noted(variant, listing, tmp_path, monkeypatch, size, why):
    """The copy that the user has brought is what the note is about, not the file that is known to be elsewhere."""
    executable = tmp_path / 'program'
    shutil.copy(variant('rtti'), executable)
    Run(executable, tmp_path / 'x.hc')
    copy = tmp_path / 'there' / 'program'
    copy.parent.mkdir()
    copy.write_bytes(executable.read_bytes()[:int(executable.stat().st_size * size)])
    executable.unlink()
    monkeypatch.setenv('HEAPCENSUS_SYMBOLS', str(copy.parent))
    _, notes = listing(tmp_path / 'x.hc')
    assert [n for n in notes if 'program' in n] == [f'{copy} {why}: its functions and data are shown as program+0x...']


@pytest.mark.parametrize('name', ['rtti', 'rtti stripped', 'static stripped'])
def test_ignore_leaves_out_subclasses(variant, heapcensus, preload, tmp_path, name):
    """trackref's ignore; Page has two bases, a Diamond's are virtual, an array goes with its elements."""
    Run(variant(name), tmp_path / 'x.hc', preload)

    def classes(*ignore):
        return {row['name'] for row in json.loads(heapcensus('live', tmp_path / 'x.hc', '--json', *ignore).stdout)}

    everything = classes()
    assert {'web::Page', 'web::Diamond', 'Circle', 'Circle[]'} <= everything
    assert classes('--ignore', 'Sink') == everything - {'web::Sink', 'web::Page'}
    assert classes('--ignore', 'Circle') == everything - {'Circle', 'Circle[]'}
    assert classes('-i', 'Shape') == {'web::Sink'}


def test_stack_of_an_object(variant, heapcensus, tmp_path):
    Run(variant('rtti'), tmp_path / 'x.hc')
    lines = heapcensus('oldest', '--stack', tmp_path / 'x.hc', '<load_table>').stdout.splitlines()
    assert [line.split()[2:] for line in lines[2:]] == [['demo_malloc+0x4', '(e2e_classes_rtti)'],
                                                         ['load_table+0x4', '(e2e_classes_rtti)']]
