/* SPDX-License-Identifier: MIT */
/*
 * Columns justified to the right, each as wide as its longest entry and two blanks.
 */
#include "partition/summary.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define COLUMNS 3
#define PADDING 2
#define BASE	1024

struct line {
	char *cells[COLUMNS];
};

static char *format_size(uint64_t size)
{
	static const char *const units[] = { "B", "KB", "MB", "GB", "TB", "EB" };
	double scaled = (double)size;
	size_t unit = 0;

	if (size <= BASE)
		return xasprintf("%4" PRIu64 "     B", size);
	for (; scaled > BASE && unit + 1 < ARRAY_SIZE(units); unit++)
		scaled /= BASE;
	return xasprintf("%7.2f %s", scaled, units[unit]);
}

static char *format_name(const char *name)
{
	return text_is_clean(name) ? xstrdup(name) : text_escape(name, strlen(name));
}

/* Characters; printf counts bytes. */
static int nr_characters(const char *text)
{
	size_t len = strlen(text);
	int nr = 0;

	for (; len; nr++) {
		const size_t n = text_utf8_len(text, len);

		text += n ? n : 1;
		len -= n ? n : 1;
	}
	return nr;
}

static struct line *format_lines(const struct partition *p, uint32_t nr_rows)
{
	struct line *lines = xcalloc(nr_rows + 1ul, sizeof(*lines));

	lines[0] =
		(struct line){ { xstrdup("types"), xstrdup("# objects"), xstrdup("total size") } };
	for (uint32_t i = 0; i < nr_rows; i++)
		lines[i + 1] = (struct line){ { format_name(partition_row_name(p, i)),
						xasprintf("%" PRIu32, p->rows[i].count),
						format_size(p->rows[i].size) } };
	return lines;
}

static void print_line(FILE *out, const struct line *line, const int *widths)
{
	for (int c = 0; c < COLUMNS; c++)
		fprintf(out, "%*s%s%s", widths[c] - nr_characters(line->cells[c]), "",
			line->cells[c], c < COLUMNS - 1 ? " | " : "\n");
}

static void print_border(FILE *out, const int *widths)
{
	for (int c = 0; c < COLUMNS; c++) {
		for (int i = 0; i < widths[c]; i++)
			fputc('=', out);
		fputs(c < COLUMNS - 1 ? " | " : "\n", out);
	}
}

void summary_print(FILE *out, const struct partition *p, bool all)
{
	const uint32_t nr = all || p->nr_rows < SUMMARY_ROWS ? p->nr_rows : SUMMARY_ROWS;
	_cleanup_free_ struct line *lines = format_lines(p, nr);
	int widths[COLUMNS] = { 0 };

	for (uint32_t i = 0; i <= nr; i++)
		for (int c = 0; c < COLUMNS; c++) {
			const int width = nr_characters(lines[i].cells[c]) + PADDING;

			widths[c] = width > widths[c] ? width : widths[c];
		}
	for (uint32_t i = 0; i <= nr; i++) {
		print_line(out, &lines[i], widths);
		if (!i)
			print_border(out, widths);
	}
	for (uint32_t i = 0; i <= nr; i++)
		for (int c = 0; c < COLUMNS; c++)
			free(lines[i].cells[c]);
}
