/* SPDX-License-Identifier: MIT */
/*
 * The small parts of preload/rt: text formatting against snprintf, options from an environment, the
 * clock, the log, the status page, pages of objects.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rt/clock.h"
#include "rt/count.h"
#include "rt/format.h"
#include "rt/image_pages.h"
#include "rt/message.h"
#include "rt/option.h"
#include "rt/process.h"
#include "rt/status.h"
#include "rt/sys.h"
#include "rt/vdso_time.h"

#define CHECK_FORMAT(...) \
	do { \
		char ours[256], theirs[256]; \
		const size_t len = format_text(ours, sizeof(ours), __VA_ARGS__); \
\
		(void)snprintf(theirs, sizeof(theirs), __VA_ARGS__); \
		assert_string_equal(ours, theirs); \
		assert_int_equal(len, strlen(theirs)); \
	} while (0)

static void test_format(void **state)
{
	char small[8];

	(void)state;
	CHECK_FORMAT("plain");
	CHECK_FORMAT("%d %d %d %i", 0, -1, INT_MIN, INT_MAX);
	CHECK_FORMAT("%u %lu %zu %llu", UINT_MAX, ULONG_MAX, SIZE_MAX, ULLONG_MAX);
	CHECK_FORMAT("%ld %ld", LONG_MIN, LONG_MAX);
	CHECK_FORMAT("%x %lx %08x %016lx", 0xabcu, 0x123456789abcdef0ul, 0x12u, 0xfful);
	CHECK_FORMAT("[%5d] [%-5d] [%05d] [%-5s] [%5s]", 42, 42, -42, "ab", "ab");
	CHECK_FORMAT("%s%c%s%%", "a", 'b', "c");
	CHECK_FORMAT("[%.*s] [%.3s] [%8.2s]", 2, "abcdef", "abcdef", "abcdef");
	CHECK_FORMAT("%p", (void *)0x1234);
	CHECK_FORMAT("%3u.%03u", 7u, 7u);
	assert_int_equal(format_text(small, sizeof(small), "%s", "too long a text"), 7);
	assert_string_equal(small, "too lon");
	assert_int_equal(format_text(small, 1, "x"), 0);
	assert_string_equal(small, "");
}

static void read_environment(const char *a, const char *b)
{
	char first[256], second[256];
	char *const environment[] = { first, second, NULL };

	(void)snprintf(first, sizeof(first), "%s", a);
	(void)snprintf(second, sizeof(second), "%s", b);
	option_read(environment);
	memset(first, 'x', sizeof(first)); /* as setproctitle does */
	memset(second, 'x', sizeof(second));
}

static void test_option_defaults(void **state)
{
	(void)state;
	read_environment("HEAPCENSUS_STACKS=", "HEAPCENSUS=1");
	assert_int_equal(option_get(OPTION_STACKS), HC_STACKS_CALLER);
	assert_int_equal(option_get(OPTION_SIGNAL), SIGUSR1);
	assert_int_equal(option_get(OPTION_DEPTH), 64);
	assert_true(option_get(OPTION_ZSTD) == HC_OPTION_WORD);
	assert_int_equal(option_get(OPTION_EVERY), 0);
	for (int i = 0; i < NR_OPTIONS; i++)
		assert_null(option_values[i].text);
}

static void test_option_values(void **state)
{
	const uint64_t invalid = rt_counts[COUNT_options_invalid];

	(void)state;
	read_environment("HEAPCENSUS_EVERY=5m", "HEAPCENSUS_GROW=64M");
	assert_int_equal(option_get(OPTION_EVERY), 300000000000ull);
	assert_int_equal(option_get(OPTION_GROW), 64 << 20);
	assert_string_equal(option_values[OPTION_EVERY].text, "5m");
	read_environment("HEAPCENSUS_SIGNAL=SIGUSR2", "HEAPCENSUS_STACKS=full");
	assert_int_equal(option_get(OPTION_SIGNAL), SIGUSR2);
	assert_int_equal(option_get(OPTION_STACKS), HC_STACKS_FULL);
	read_environment("HEAPCENSUS_SIGNAL=none", "HEAPCENSUS_DIR=/some/where");
	assert_int_equal(option_get(OPTION_SIGNAL), 0);
	assert_string_equal(option_values[OPTION_DIR].text, "/some/where");
	read_environment("HEAPCENSUS_SIGNAL=RTMIN+3", "TMPDIR=/var/tmp");
	assert_int_equal(option_get(OPTION_SIGNAL), SIGRTMIN + 3);
	assert_string_equal(option_tmpdir(), "/var/tmp");
	read_environment("HEAPCENSUS_SIGNAL=12", "HEAPCENSUS_LIBRARY=/x.so");
	assert_int_equal(option_get(OPTION_SIGNAL), 12);
	read_environment("HEAPCENSUS_SYMBOLS=/debug", "HEAPCENSUS_CACHE=");
	read_environment("HEAPCENSUS_INDEX=0", "HEAPCENSUS_THREADS=1");
	read_environment("HEAPCENSUS_TIMINGS=1", "HEAPCENSUS_LIBRARY=/x.so");
	read_environment("HEAPCENSUS_ZSTD=7", "HEAPCENSUS_CPU=1");
	assert_int_equal(option_get(OPTION_ZSTD), 7);
	assert_int_equal(option_get(OPTION_CPU), 1);
	read_environment("HEAPCENSUS_ZSTD=auto", "HEAPCENSUS_CPU=any");
	assert_true(option_get(OPTION_ZSTD) == HC_OPTION_WORD);
	assert_true(option_get(OPTION_CPU) == HC_OPTION_WORD);
	assert_int_equal(rt_counts[COUNT_options_invalid], invalid);
}

static void test_option_mistakes(void **state)
{
	static const char *const mistakes[] = {
		"HEAPCENSUS_STACKS=ful",      "HEAPCENSUS_STACKS=|",
		"HEAPCENSUS_STACKS=full|off", "HEAPCENSUS_DEPTH=0",
		"HEAPCENSUS_DEPTH=129",	      "HEAPCENSUS_DEPTH=12x",
		"HEAPCENSUS_SIGNAL=KILL",     "HEAPCENSUS_SIGNAL=9",
		"HEAPCENSUS_SIGNAL=65",	      "HEAPCENSUS_SIGNAL=RTMIN+31",
		"HEAPCENSUS_SIGNAL=USR",      "HEAPCENSUS_EVERY=-1",
		"HEAPCENSUS_EVERY=5d",	      "HEAPCENSUS_EVERY=99999999999999999999",
		"HEAPCENSUS_GROW=64mb",	      "HEAPCENSUS_EVRY=5",
		"HEAPCENSUS_stacks=full",     "HEAPCENSUS_ZSTD=any",
		"HEAPCENSUS_ZSTD=20",	      "HEAPCENSUS_CPU=-1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		const uint64_t invalid = rt_counts[COUNT_options_invalid];

		read_environment(mistakes[i], "A=B");
		assert_int_equal(rt_counts[COUNT_options_invalid], invalid + 1);
		test_option_defaults(state);
	}
}

static void test_clock(void **state)
{
	uint64_t before, after;

	(void)state;
	clock_init();
	assert_ptr_not_equal(rt_clock.gettime, sys_clock_gettime); /* the vDSO's was found */
	before = clock_monotonic_ns();
	usleep(20000);
	after = clock_monotonic_ns();
	assert_true(after - before >= 20000000 && after - before < 2000000000);
	assert_true(clock_tick() < 100);
	assert_true(clock_realtime_ns() / 1000000000 - (uint64_t)time(NULL) + 2 <= 3);
	if (*rt_clock.second != CLOCK_NO_SECOND)
		assert_true(*rt_clock.second - (uint64_t)time(NULL) + 1 <= 1);
}

/* A page of clocks, and code behind it as the vDSO's is. */
static struct {
	uint32_t mode, pad;
	uint64_t second, second_elsewhere;
	uint8_t code[64];
} clocks;

static const uint64_t *find_in(const uint8_t *code, size_t size)
{
	memset(clocks.code, 0xc3, sizeof(clocks.code));
	memcpy(clocks.code, code, size);
	return vdso_time_find(clocks.code);
}

/* Offsets are from the end of the instruction. */
static void test_time_word(void **state)
{
	/* endbr64; mov second(%rip), %rax; test %rdi, %rdi; je +3; mov %rax, (%rdi); ret */
	static const uint8_t plain[] = { 0xf3, 0x0f, 0x1e, 0xfa, 0x48, 0x8b, 0x05, 0xe5, 0xff,
					 0xff, 0xff, 0x48, 0x85, 0xff, 0x74, 0x03, 0x48, 0x89,
					 0x07, 0xc3 };
	/* cmpl $0x7fffffff, mode(%rip); lea second_elsewhere(%rip), %rax; je +6;
	 * sub $8, %rax; mov (%rax), %rax; test %rdi, %rdi; je +3; mov %rax, (%rdi);
	 * xor %edi, %edi; ret */
	static const uint8_t spaces[] = { 0x81, 0x3d, 0xde, 0xff, 0xff, 0xff, 0xff, 0xff,
					  0xff, 0x7f, 0x48, 0x8d, 0x05, 0xe7, 0xff, 0xff,
					  0xff, 0x74, 0x06, 0x48, 0x2d, 0x08, 0x00, 0x00,
					  0x00, 0x48, 0x8b, 0x00, 0x48, 0x85, 0xff, 0x74,
					  0x03, 0x48, 0x89, 0x07, 0x31, 0xff, 0xc3 };
	/* xor %ecx, %ecx; je +2; rdtsc; mov second(%rip), %rcx; test %ecx, %ecx; je +2; rdtsc;
	 * mov second(%rip), %rax; ret: halves of registers, and a flag that is a by-product */
	static const uint8_t halves[] = { 0x31, 0xc9, 0x74, 0x02, 0x0f, 0x31, 0x48, 0x8b, 0x0d,
					  0xe3, 0xff, 0xff, 0xff, 0x85, 0xc9, 0x74, 0x02, 0x0f,
					  0x31, 0x48, 0x8b, 0x05, 0xd6, 0xff, 0xff, 0xff, 0xc3 };
	/* mov (%rsi), %rax: nobody knows what is there; rdtsc; jmp to itself; ret at once */
	static const uint8_t stray[] = { 0x48, 0x8b, 0x06 }, other[] = { 0x0f, 0x31 },
			     endless[] = { 0xeb, 0xfe }, empty[] = { 0xc3 };
	/* mov second(%rip), %rax; sub $1, %rax: a word, but not what is told */
	static const uint8_t changed[] = { 0x48, 0x8b, 0x05, 0xe9, 0xff, 0xff, 0xff,
					   0x48, 0x83, 0xe8, 0x01 };

	(void)state;
	clocks.second = 1000;
	clocks.second_elsewhere = 2000;
	assert_ptr_equal(find_in(plain, sizeof(plain)), &clocks.second);
	assert_ptr_equal(find_in(spaces, sizeof(spaces)), &clocks.second);
	clocks.mode = 0x7fffffff;
	assert_ptr_equal(find_in(spaces, sizeof(spaces)), &clocks.second_elsewhere);
	clocks.second = 1ul << 32;
	assert_ptr_equal(find_in(halves, sizeof(halves)), &clocks.second);
	assert_null(find_in(stray, sizeof(stray)));
	assert_null(find_in(other, sizeof(other)));
	assert_null(find_in(endless, sizeof(endless)));
	assert_null(find_in(empty, sizeof(empty)));
	assert_null(find_in(changed, sizeof(changed)));
}

static char dir[] = "/tmp/heapcensus-test.XXXXXX";

static void read_log(char *text, size_t size)
{
	char path[PATH_MAX];
	ssize_t n = -1;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/heapcensus.%s.%d.log", dir, rt_process.name,
		       getpid());
	fd = open(path, O_RDONLY);
	if (fd >= 0) {
		n = read(fd, text, size - 1);
		close(fd);
		unlink(path);
	}
	text[n > 0 ? n : 0] = '\0';
}

static void test_log(void **state)
{
	char variable[256], text[4096];

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(variable, sizeof(variable), "HEAPCENSUS_DIR=%s", dir);
	read_environment(variable, "HEAPCENSUS_STACKS=ful");
	process_init();
	assert_string_equal(rt_process.dir, dir);
	assert_string_equal(rt_process.name, "test_rt");
	status_init();
	read_log(text, sizeof(text));
	assert_string_equal(text, ""); /* nothing to say yet: no file */
	errno = 42;
	option_report();
	message("%d blocks", 12);
	assert_int_equal(errno, 42);
	read_log(text, sizeof(text));
	assert_non_null(strstr(text, "HEAPCENSUS_STACKS=ful: not understood "
				     "(caller|full|python|off|verify|sample:BYTES); using caller"));
	assert_non_null(strstr(text, ": 12 blocks\n"));
	assert_string_equal(rt_status->last_message, "12 blocks");
	memset(variable, 'y', sizeof(variable) - 1);
	variable[sizeof(variable) - 1] = '\0';
	for (int i = 0; i < 20; i++)
		message("%s%s%s%s%s%s%s%s%s%s", variable, variable, variable, variable, variable,
			variable, variable, variable, variable, variable);
	read_log(text, sizeof(text));
	assert_true(strlen(text) > 2000);
}

static void test_status(void **state)
{
	struct hc_status *parent = rt_status;
	pid_t pid;
	int status;

	(void)state;
	assert_true(parent->magic == HC_STATUS_MAGIC);
	assert_int_equal(parent->pid, getpid());
	assert_string_equal(parent->dir, dir);
	pid = fork();
	if (pid == 0) {
		process_after_fork();
		status_after_fork();
		rt_status->nr_done = 99;
		_exit(rt_status->pid == getpid() && rt_status != parent ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(parent->nr_done, 0);
	assert_int_equal(rmdir(dir), 0);
}

/* Is the page in this process' resident set? */
static bool is_there(const void *p)
{
	const int pagemap = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry;

	assert_int_equal(pread(pagemap, &entry, sizeof(entry), (off_t)((uint64_t)p >> 12 << 3)),
			 sizeof(entry));
	close(pagemap);
	return entry >> 63;
}

/* Pages go and come again; one that has been written to stays. */
static void test_image_pages(void **state)
{
	void *const libm = dlopen("libm.so.6", RTLD_NOW);
	double (*const cosine)(double) = (double (*)(double))dlsym(libm, "cos");
	struct link_map *map;

	(void)state;
	assert_int_equal(dlinfo(libm, RTLD_DI_LINKMAP, &map), 0);
	unsigned char *const header = (unsigned char *)map->l_addr;

	assert_true(cosine(0) == 1 && header[EI_PAD] == 0);
	assert_true(is_there(header) && is_there((void *)cosine));
	image_pages_drop(header);
	assert_false(is_there(header));
	assert_false(is_there((void *)cosine));
	assert_true(cosine(0) == 1 && header[EI_PAD] == 0);

	assert_int_equal(mprotect(header, 4096, PROT_READ | PROT_WRITE), 0);
	header[EI_PAD] = 1;
	assert_int_equal(mprotect(header, 4096, PROT_READ), 0);
	image_pages_drop(header);
	assert_int_equal(header[EI_PAD], 1);
	assert_false(is_there((void *)cosine));
	dlclose(libm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format),	      cmocka_unit_test(test_option_defaults),
		cmocka_unit_test(test_option_values), cmocka_unit_test(test_option_mistakes),
		cmocka_unit_test(test_clock),	      cmocka_unit_test(test_time_word),
		cmocka_unit_test(test_log),	      cmocka_unit_test(test_status),
		cmocka_unit_test(test_image_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
