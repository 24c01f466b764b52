/* SPDX-License-Identifier: MIT */
/*
 * Files of caches: whose they are, how they are written, when they go.
 */
#include "base/kept_file.h"

#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

#define KEPT_DAYS 30

static bool copy_build_id(const uint8_t *note, size_t len, uint8_t *build)
{
	while (len >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *header = (const ElfW(Nhdr) *)(const void *)note;
		const size_t name = (header->n_namesz + 3ul) & ~3ul;
		const size_t whole = sizeof(*header) + name + ((header->n_descsz + 3ul) & ~3ul);

		if (header->n_type == NT_GNU_BUILD_ID && header->n_descsz <= BUILD_ID_MAX) {
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

bool kept_file_build(uint8_t build[BUILD_ID_MAX])
{
	memset(build, 0, BUILD_ID_MAX);
	return dl_iterate_phdr(find_build_id, build) == 1;
}

int kept_file_open(const char *path, uint64_t *size)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    st.st_mode & (S_IWGRP | S_IWOTH)) {
		close(fd);
		return -1;
	}
	*size = (uint64_t)st.st_size;
	return fd;
}

bool kept_file_read(int fd, void *to, size_t len)
{
	for (size_t done = 0; done < len;) {
		const ssize_t nr = read(fd, (char *)to + done, len - done);

		if (nr <= 0)
			return false;
		done += (size_t)nr;
	}
	return true;
}

static bool write_whole(int fd, const void *from, size_t len)
{
	for (size_t done = 0; done < len;) {
		const ssize_t nr = write(fd, (const char *)from + done, len - done);

		if (nr < 0)
			return false;
		done += (size_t)nr;
	}
	return true;
}

bool kept_file_write(const char *path, const struct kept_bytes *parts, size_t nr)
{
	_cleanup_free_ char *unfinished = xasprintf("%s.%d", path, (int)getpid());
	const int fd = open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool is_whole = true;

	if (fd < 0)
		return false;
	for (size_t i = 0; i < nr && is_whole; i++)
		is_whole = write_whole(fd, parts[i].bytes, parts[i].len);
	if (close(fd) || !is_whole || rename(unfinished, path)) {
		unlink(unfinished);
		return false;
	}
	return true;
}

void kept_file_make_folder(const char *folder)
{
	_cleanup_free_ char *path = xstrdup(folder);

	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	mkdir(path, 0700);
}

static bool is_kept_name(const char *name, const char *suffix)
{
	const size_t digits = strspn(name, "0123456789abcdef");

	return digits && !strncmp(name + digits, suffix, strlen(suffix));
}

void kept_file_remove_old(const char *folder, const char *suffix)
{
	const time_t oldest = time(NULL) - KEPT_DAYS * 24 * 3600l;
	DIR *dir = opendir(folder);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		struct stat st;

		if (is_kept_name(entry->d_name, suffix) &&
		    !fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
		    S_ISREG(st.st_mode) && st.st_mtime < oldest)
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir)
		closedir(dir);
}
