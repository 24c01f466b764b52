/* SPDX-License-Identifier: MIT */
/*
 * Files of the cache: where they are, whose they are, whether they are whole.
 */
#include "typing/native/cache.h"

#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <elfutils/libdwfl.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/mem.h"
#include "typing/native/unit.h"

#define CACHE_MAGIC	"HCTYPES"
#define CACHE_SUFFIX	".types"
#define CACHE_DAYS	30 /* a file that nobody has written for so long goes */
#define CACHE_FILE_MAX	(512ul << 20)
#define CACHE_BUILD_MAX 32

struct cache_header {
	char magic[8];
	uint8_t build[CACHE_BUILD_MAX]; /* of heapcensus itself */
	char libdw[16];			/* its version: newer ones read more */
	uint64_t length;		/* of what follows */
	uint64_t checksum;		/* of that */
};
_Static_assert(sizeof(struct cache_header) == 72, "no room between the fields");

/* ---- which heapcensus this is ---- */

static bool copy_build_id(const uint8_t *note, size_t len, uint8_t *build)
{
	while (len >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *header = (const ElfW(Nhdr) *)(const void *)note;
		const size_t name = (header->n_namesz + 3ul) & ~3ul;
		const size_t whole = sizeof(*header) + name + ((header->n_descsz + 3ul) & ~3ul);

		if (header->n_type == NT_GNU_BUILD_ID && header->n_descsz <= CACHE_BUILD_MAX) {
			memcpy(build, note + sizeof(*header) + name, header->n_descsz);
			return true;
		}
		if (whole > len)
			break;
		note += whole;
		len -= whole;
	}
	return false;
}

/* The program comes first, and ends the search. */
static int find_build_id(struct dl_phdr_info *info, size_t size, void *build)
{
	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];

		if (ph->p_type == PT_NOTE &&
		    copy_build_id((const uint8_t *)info->dlpi_addr + ph->p_vaddr, ph->p_memsz,
				  build))
			return 1;
	}
	return -1;
}

static bool cache_header_init(struct cache_header *h)
{
	*h = (struct cache_header){ .magic = CACHE_MAGIC };
	strncpy(h->libdw, dwfl_version(NULL), sizeof(h->libdw) - 1);
	return dl_iterate_phdr(find_build_id, h->build) == 1;
}

/* ---- files ---- */

/* The module's file; NULL: it has none. */
static char *cache_path(const struct debug *d)
{
	const char *folder = heap_cache_path(d->native->heap);
	const struct dump_string id = debug_build_id(d);

	if (!folder || !id.len)
		return NULL;

	_cleanup_free_ char *name = debug_build_text(&id);

	return xasprintf("%s/%s" CACHE_SUFFIX, folder, name);
}

/* Ours, and nobody else may write it. */
static bool is_own_file(int fd, off_t *size)
{
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    st.st_mode & (S_IWGRP | S_IWOTH))
		return false;
	*size = st.st_size;
	return true;
}

static bool read_whole(int fd, void *to, size_t len)
{
	for (size_t done = 0; done < len;) {
		const ssize_t nr = read(fd, (char *)to + done, len - done);

		if (nr <= 0)
			return false;
		done += nr;
	}
	return true;
}

static bool write_whole(int fd, const void *from, size_t len)
{
	for (size_t done = 0; done < len;) {
		const ssize_t nr = write(fd, (const char *)from + done, len - done);

		if (nr < 0)
			return false;
		done += nr;
	}
	return true;
}

/* What follows the header of a file that this heapcensus has written; NULL: it is none. */
static uint8_t *cache_read(int fd, size_t *len)
{
	struct cache_header h, own;
	off_t size;

	if (!is_own_file(fd, &size) || !cache_header_init(&own) || !read_whole(fd, &h, sizeof(h)) ||
	    memcmp(h.magic, own.magic, sizeof(h.magic)) ||
	    memcmp(h.build, own.build, sizeof(h.build)) ||
	    memcmp(h.libdw, own.libdw, sizeof(h.libdw)) || h.length > CACHE_FILE_MAX ||
	    h.length + sizeof(h) != (uint64_t)size)
		return NULL;

	uint8_t *bytes = xmalloc(h.length + 1);

	*len = h.length;
	if (read_whole(fd, bytes, h.length) && XXH3_64bits(bytes, h.length) == h.checksum)
		return bytes;
	free(bytes);
	return NULL;
}

void cache_load(struct debug *d)
{
	_cleanup_free_ char *path = cache_path(d);
	const int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW) : -1;
	size_t len;

	if (fd < 0)
		return;

	_cleanup_free_ uint8_t *bytes = cache_read(fd, &len);

	close(fd);
	d->is_cached = bytes && cache_decode(d, bytes, len);
	d->is_news = false;
}

/* The folder and those above it, as far as they are missing. */
static void make_folders(const char *folder)
{
	_cleanup_free_ char *path = xstrdup(folder);

	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	mkdir(path, 0700);
}

/* Is that a name as cache_path and cache_write give them?  The folder may be one that has other
 * things, too. */
static bool is_cache_name(const char *name)
{
	const size_t digits = strspn(name, "0123456789abcdef");

	return digits && !strncmp(name + digits, CACHE_SUFFIX, strlen(CACHE_SUFFIX));
}

/* Builds come and go; their files stay for a while. */
static void remove_old(const char *folder)
{
	const time_t oldest = time(NULL) - CACHE_DAYS * 24 * 3600l;
	DIR *dir = opendir(folder);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		struct stat st;

		if (is_cache_name(entry->d_name) &&
		    !fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
		    S_ISREG(st.st_mode) && st.st_mtime < oldest)
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir)
		closedir(dir);
}

/* Under another name first: who reads meanwhile has the old file or the new one. */
static void cache_write(const char *path, const struct bytes *b)
{
	_cleanup_free_ char *unfinished = xasprintf("%s.%d", path, (int)getpid());
	struct cache_header h;
	int fd;

	if (!cache_header_init(&h))
		return;
	h.length = b->nr;
	h.checksum = XXH3_64bits(b->bytes, b->nr);
	fd = open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return;

	const bool is_whole = write_whole(fd, &h, sizeof(h)) && write_whole(fd, b->bytes, b->nr);

	if (close(fd) || !is_whole || rename(unfinished, path))
		unlink(unfinished);
}

void cache_save(struct debug *d)
{
	_cleanup_free_ char *path = cache_path(d);
	struct bytes b = { 0 };

	if (!path || !d->is_news || d->is_partial || !(d->is_cached || d->nr_units))
		return;
	if (cache_encode(d, &b) && b.nr <= CACHE_FILE_MAX) {
		const char *folder = heap_cache_path(d->native->heap);

		make_folders(folder);
		remove_old(folder);
		cache_write(path, &b);
	}
	free(b.bytes);
}
