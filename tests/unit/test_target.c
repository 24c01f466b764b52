/* SPDX-License-Identifier: MIT */
/*
 * preload/target against what libc says of this very process: mappings, modules (dl_iterate_phdr),
 * threads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "target/maps.h"
#include "target/modules.h"
#include "target/parent.h"
#include "target/threads.h"

static void test_maps(void **state)
{
	char *p = mmap(NULL, 5 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct bump b;
	struct maps m;

	(void)state;
	mprotect(p + 4096, 4096, PROT_NONE);
	mprotect(p + 3 * 4096, 4096, PROT_READ);
	bump_init(&b);
	assert_true(maps_read(&m, &b));
	assert_true(m.complete);
	for (uint32_t i = 1; i < m.nr; i++)
		assert_true(m.maps[i].start >= m.maps[i - 1].end);
	assert_int_equal(maps_find(&m, (uint64_t)p + 4096)->prot, 0);
	assert_int_equal(maps_find(&m, (uint64_t)p + 2 * 4096)->prot, 3);
	assert_true(maps_is_readable(&m, (uint64_t)p + 2 * 4096, 3 * 4096));
	assert_false(maps_is_readable(&m, (uint64_t)p, 4097));
	assert_false(maps_is_readable(&m, (uint64_t)p, UINT64_MAX));
	assert_null(maps_find(&m, 16));
	assert_string_equal(maps_find(&m, (uint64_t)&b)->path, "[stack]");
	assert_non_null(strstr(maps_find(&m, (uint64_t)test_maps)->path, "test_target"));
	bump_deinit(&b);
	munmap(p, 5 * 4096);
}

/* Thousands of mappings: the text does not fit the first buffer. */
static void test_many_maps(void **state)
{
	const size_t nr = 8000;
	char *p = mmap(NULL, nr * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct bump b;
	struct maps m;

	(void)state;
	for (size_t i = 0; i < nr; i += 2)
		assert_int_equal(mprotect(p + i * 4096, 4096, PROT_READ), 0);
	bump_init(&b);
	assert_true(maps_read(&m, &b));
	assert_true(m.complete);
	for (size_t i = 0; i < nr; i++)
		assert_int_equal(maps_find(&m, (uint64_t)p + i * 4096)->prot, i % 2 ? 3 : 1);
	bump_deinit(&b);
	munmap(p, nr * 4096);
}

struct check {
	const struct modules *modules;
	int nr;
};

static int check_module(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct check *c = arg;
	const struct module *m = NULL;
	uint64_t first = 0;

	(void)size;
	for (int i = info->dlpi_phnum - 1; i >= 0; i--)
		if (info->dlpi_phdr[i].p_type == PT_LOAD)
			first = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
	m = modules_find(c->modules, first);
	assert_non_null(m);
	assert_int_equal(m->bias, info->dlpi_addr);
	assert_int_equal(m->start, first);
	for (int i = 0, n = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];

		if (ph->p_type == PT_LOAD) {
			assert_int_equal(m->segments[n].start, info->dlpi_addr + ph->p_vaddr);
			assert_int_equal(m->segments[n++].file_size, ph->p_filesz);
		}
		if (ph->p_type == PT_GNU_RELRO)
			assert_int_equal(m->relro_end - m->relro_start, ph->p_memsz);
	}
	if (strstr(info->dlpi_name, "libc.so.6")) {
		assert_int_equal(m->build_id_len, 20);
		assert_int_equal(m->path[0], '/');
		assert_true(m->tls_size > 0);
	}
	c->nr++;
	return 0;
}

static void test_modules(void **state)
{
	void *lib = dlopen("libm.so.6", RTLD_NOW);
	struct modules modules;
	struct check c = { &modules, 0 };
	struct bump b;
	struct maps m;

	(void)state;
	assert_non_null(lib);
	modules_init();
	bump_init(&b);
	assert_true(maps_read(&m, &b));
	assert_true(modules_read(&modules, &m, &b));
	dl_iterate_phdr(check_module, &c);
	assert_int_equal(c.nr, modules.nr);
	assert_true(modules_find(&modules, (uint64_t)test_modules)->is_main);
	assert_null(modules_find(&modules, (uint64_t)&b));
	for (uint32_t i = 1; i < modules.nr; i++)
		assert_true(modules.modules[i].start >= modules.modules[i - 1].end);
	bump_deinit(&b);
}

#define NR_THREADS 300

static sem_t ready, go_on;
static int32_t tids[NR_THREADS];

static void *wait_in_call(void *arg)
{
	pthread_setname_np(pthread_self(), "odd ) name (");
	tids[(uintptr_t)arg] = (int32_t)syscall(SYS_gettid);
	sem_post(&ready);
	while (sem_wait(&go_on) != 0)
		;
	return NULL;
}

static const struct os_thread *find_thread(const struct os_threads *t, int32_t tid)
{
	for (uint32_t i = 0; i < t->nr; i++)
		if (t->threads[i].tid == tid)
			return &t->threads[i];
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t threads[NR_THREADS];
	pthread_attr_t attr;
	struct os_threads t;
	struct bump b;

	(void)state;
	sem_init(&ready, 0, 0);
	sem_init(&go_on, 0, 0);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256 << 10);
	for (uintptr_t i = 0; i < NR_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], &attr, wait_in_call, (void *)i), 0);
	for (int i = 0; i < NR_THREADS; i++)
		sem_wait(&ready);
	usleep(100000); /* the last of them gets from sem_post to sem_wait */
	bump_init(&b);
	assert_true(threads_read(&t, &b));
	assert_true(t.complete);
	assert_true(t.nr >= NR_THREADS + 1);
	for (int i = 0; i < NR_THREADS; i++) {
		const struct os_thread *found = find_thread(&t, tids[i]);

		assert_non_null(found);
		assert_string_equal(found->name, "odd ) name (");
		assert_int_equal(found->state, 'S');
		assert_true(found->blocked && found->sp && found->pc);
	}
	assert_non_null(find_thread(&t, (int32_t)syscall(SYS_gettid)));
	for (int i = 0; i < NR_THREADS; i++)
		sem_post(&go_on);
	for (int i = 0; i < NR_THREADS; i++)
		pthread_join(threads[i], NULL);
	bump_deinit(&b);
}

/* Values of LD_PRELOAD, before and after; NULL: no such variable any more. */
static void test_drop_preload(void **state)
{
	static const char *const cases[][2] = {
		{"LD_PRELOAD=/usr/lib/libheapcensus.so", NULL},
		{"LD_PRELOAD=libheapcensus.so", NULL},
		{"LD_PRELOAD=", NULL},
		{"LD_PRELOAD=/a/b.so:/x/libheapcensus.so", "LD_PRELOAD=/a/b.so"},
		{"LD_PRELOAD=/x/libheapcensus.so /a/b.so", "LD_PRELOAD=/a/b.so"},
		{"LD_PRELOAD=a.so /x/libheapcensus.so:b.so", "LD_PRELOAD=a.so:b.so"},
		{"LD_PRELOAD=a.so b.so", "LD_PRELOAD=a.so b.so"},
		{"LD_PRELOAD=notlibheapcensus.so", "LD_PRELOAD=notlibheapcensus.so"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char before[] = "A=1", after[] = "B=2", text[64];
		char *environment[] = {before, text, after, NULL};

		(void)snprintf(text, sizeof(text), "%s", cases[i][0]);
		parent_drop_preload(environment);
		assert_string_equal(environment[0], "A=1");
		if (cases[i][1])
			assert_string_equal(environment[1], cases[i][1]);
		assert_string_equal(environment[cases[i][1] ? 2 : 1], "B=2");
		assert_null(environment[cases[i][1] ? 3 : 2]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drop_preload),
		cmocka_unit_test(test_maps),
		cmocka_unit_test(test_many_maps),
		cmocka_unit_test(test_modules),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
