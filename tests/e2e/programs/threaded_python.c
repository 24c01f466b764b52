/* SPDX-License-Identifier: MIT */
/*
 * threaded_python: exports what a CPython without the GIL is known by ($PYTHON_VERSION_TEXT is its
 * version).  Says how often somebody has touched its allocators, and waits for a line.  WITH_GIL:
 * one that has it.
 */
#include <stdio.h>
#include <stdlib.h>

static int nr_touched;

void PyMem_GetAllocator(int domain, void *out);
void PyMem_SetAllocator(int domain, void *in);
void PyObject_GetArenaAllocator(void *out);
void PyObject_SetArenaAllocator(void *in);
int Py_IsInitialized(void);
const char *Py_GetVersion(void);
void _Py_DecRefShared(void *object);

void PyMem_GetAllocator(int domain, void *out)
{
	(void)domain;
	(void)out;
	nr_touched++;
}

void PyMem_SetAllocator(int domain, void *in)
{
	(void)domain;
	(void)in;
	nr_touched++;
}

void PyObject_GetArenaAllocator(void *out)
{
	(void)out;
	nr_touched++;
}

void PyObject_SetArenaAllocator(void *in)
{
	(void)in;
	nr_touched++;
}

int Py_IsInitialized(void) { return 1; }

const char *Py_GetVersion(void) { return getenv("PYTHON_VERSION_TEXT"); }

#ifndef WITH_GIL
void _Py_DecRefShared(void *object) { (void)object; }
#endif

int main(void)
{
	printf("touched %d\n", nr_touched);
	fflush(stdout);
	return getchar() == EOF ? 1 : 0;
}
