/* SPDX-License-Identifier: MIT */
/*
 * Reads /proc/self/maps (target/maps.h): the whole text into one buffer, then one pass over its
 * lines.
 */
#include "target/maps.h"

#include <string.h>

#include <errno.h>
#include "rt/proc.h"
#include "rt/sys.h"
#include "rt/ban.h"

#define TEXT_FIRST (256ul << 10)
#define TEXT_MAX   (256ul << 20)

/* The text of a file of /proc, ended by zero; NULL where it cannot be read.  *complete is false
 * where memory ended early. */
static char *read_text(const char *path, struct bump *b, bool *complete)
{
	const int fd = sys_open(path, O_RDONLY | O_CLOEXEC, 0);
	size_t size = TEXT_FIRST, len = 0;
	char *text = fd < 0 ? NULL : bump_alloc(b, size);
	long n = 1;

	*complete = true;
	while (text && n != 0) {
		if (len + 1 == size) {
			char *larger = size < TEXT_MAX ? bump_alloc(b, size * 2) : NULL;

			if (!larger) {
				*complete = false;
				break;
			}
			memcpy(larger, text, len);
			text = larger;
			size *= 2;
		}
		n = sys_read(fd, text + len, size - 1 - len);
		if (n == -EINTR)
			continue;
		if (n < 0) {
			*complete = false;
			break;
		}
		len += (size_t)n;
	}
	if (text)
		text[len] = '\0';
	if (fd >= 0)
		(void)sys_close(fd);
	return text;
}

static void skip(const char **s, char c)
{
	while (**s == c)
		(*s)++;
}

/* The kernel writes a newline in a path as \012; undone in place. */
static void unescape(char *path)
{
	char *out = path;

	for (char *in = path; *in; in++) {
		if (strncmp(in, "\\012", 4) == 0) {
			*out++ = '\n';
			in += 3;
		} else {
			*out++ = *in;
		}
	}
	*out = '\0';
}

/* "start-end rwxp offset major:minor inode   path", ended by zero.  False for anything else. */
static bool parse_line(char *line, struct map *m)
{
	const char *s = line;

	*m = (struct map){ .start = proc_parse_hex(&s) };
	if (*s++ != '-')
		return false;
	m->end = proc_parse_hex(&s);
	if (*s++ != ' ' || strlen(s) < 5)
		return false;
	m->prot = (s[0] == 'r' ? 1u : 0) | (s[1] == 'w' ? 2u : 0) | (s[2] == 'x' ? 4u : 0);
	m->shared = s[3] == 's';
	s += 5;
	m->offset = proc_parse_hex(&s);
	skip(&s, ' ');
	(void)proc_parse_hex(&s);
	if (*s++ != ':')
		return false;
	(void)proc_parse_hex(&s);
	skip(&s, ' ');
	while (*s >= '0' && *s <= '9')
		m->inode = m->inode * 10 + (uint64_t)(*s++ - '0');
	skip(&s, ' ');
	m->path = s;
	unescape(line + (s - line));
	return m->start < m->end;
}

bool maps_read(struct maps *m, struct bump *b)
{
	uint32_t nr_lines = 0;
	char *text;

	*m = (struct maps){ 0 };
	text = read_text("/proc/self/maps", b, &m->complete);
	if (!text)
		return false;
	for (const char *s = text; *s; s++)
		nr_lines += *s == '\n';
	m->maps = bump_alloc(b, (nr_lines + 1) * sizeof(struct map));
	if (!m->maps)
		return false;
	for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
		struct map *next = &m->maps[m->nr];

		*end = '\0';
		if (!parse_line(line, next) || (m->nr && next->start < next[-1].end))
			m->complete = false; /* the file is not one snapshot: what came out of order
						goes */
		else
			m->nr++;
	}
	return m->nr > 0;
}

const struct map *maps_find(const struct maps *m, uint64_t addr)
{
	uint32_t low = 0, high = m->nr;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (m->maps[middle].end <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low < m->nr && m->maps[low].start <= addr ? &m->maps[low] : NULL;
}

bool maps_is_readable(const struct maps *m, uint64_t addr, uint64_t len)
{
	uint64_t end;

	if (__builtin_add_overflow(addr, len, &end))
		return false;
	while (addr < end) {
		const struct map *map = maps_find(m, addr);

		if (!map || !(map->prot & 1))
			return false;
		addr = map->end;
	}
	return true;
}
