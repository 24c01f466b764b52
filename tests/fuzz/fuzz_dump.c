/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: the reader, and what stands on it, on arbitrary dumps.  The first byte of the input
 * says what follows: 'F'  a dump file as it is: headers, checksums, compression 'S'  payloads to be
 * sealed, so that the checksums are right and the decoders get to see them: records of four bytes
 * of section id, one of chunk flags, three of length, the payload Whatever opens must be
 * consistent: every accessor is called on everything.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "dump/dump.h"
#include "dump_writer.h"
#include "typing/typing.h"

#define FILE_ID	   0x66757a7a66757a7aull
#define BLOCKS_MAX 10000u /* larger ones are opened only */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint64_t sink;

static void write_sealed(FILE *out, const uint8_t *data, size_t size)
{
	uint32_t parts[256] = {
		0
	}; /* by the low byte of the id: a wrong part number is a case, too */
	struct dump_writer w;

	dump_writer_begin(&w, out, FILE_ID, 0);
	while (size >= 8) {
		uint32_t id,
			len = (uint32_t)data[5] | (uint32_t)data[6] << 8 | (uint32_t)data[7] << 16;

		memcpy(&id, data, sizeof(id));
		if (len > size - 8)
			len = (uint32_t)size - 8;
		dump_writer_chunk(&w, id, parts[id >> 8 & 255]++, data[4], data + 8, len);
		data += 8 + len;
		size -= 8 + len;
	}
	dump_writer_end(&w);
}

/* A file in memory that has the input's contents; its descriptor. */
static int make_file(const uint8_t *data, size_t size)
{
	const int fd = memfd_create("fuzz", MFD_CLOEXEC);
	FILE *out = fd < 0 ? NULL : fdopen(dup(fd), "wb");

	if (!out)
		err(1, "memfd_create");
	if (data[0] == 'S')
		write_sealed(out, data + 1, size - 1);
	else if (size > 1 && fwrite(data + 1, 1, size - 1, out) != size - 1)
		err(1, "write");
	if (fclose(out))
		err(1, "write");
	return fd;
}

static void read_block(const struct dump *d, size_t i)
{
	const struct dump_blocks *b = dump_blocks(d);
	const uint8_t *bytes = dump_block_bytes(d, i);
	uint64_t start, end;

	for (uint64_t from = 0; dump_next_contents(d, i, from, &start, &end); from = end) {
		sink += bytes[start] + bytes[end - 1];
		if (start < from || end <= start || end > b->size[i])
			BUG("contents of block %zu", i);
	}
	if (b->size[i] && dump_find_block(d, b->addr[i] + b->size[i] - 1) == UINT32_MAX)
		BUG("block %zu is not found", i);
	sink += dump_find_thread(d, b->thread[i], b->tick[i]) != NULL;
	sink += dump_age_ns(d, b->tick[i]);
}

static void read_ranges(const struct dump *d)
{
	size_t nr;

	dump_ranges(d, &nr);
	for (size_t i = 0; i < nr; i++) {
		const struct dump_range *r = &dump_ranges(d, &nr)[i];

		if (r->len)
			sink += r->bytes[0] + r->bytes[r->len - 1];
		if (!dump_find_bytes(d, r->addr, r->len))
			BUG("range %zu is not found", i);
	}
	dump_modules(d, &nr);
	for (size_t i = 0; i < nr; i++)
		sink += dump_find_module(d, dump_modules(d, &nr)[i].start);
}

static void read_heap(const struct dump *d)
{
	struct error *error;
	struct heap *h;

	error = heap_open(d, NULL, &h);
	if (error) {
		error_destroy(error);
		return;
	}
	error = heap_need_graph(h);
	if (!error)
		sink += h->nr_edges;
	error_destroy(error);
	heap_close(h);
}

static void read_all(const struct dump *d)
{
	const size_t nr = dump_blocks(d)->nr;

	if (nr > BLOCKS_MAX)
		return;
	for (size_t i = 0; i < nr; i++)
		read_block(d, i);
	read_ranges(d);
	read_heap(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error *error;
	struct dump *d;
	char path[64];
	int fd;

	if (!size)
		return 0;
	fd = make_file(data, size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	error = dump_open(path, NULL, &d);
	if (!error) {
		read_all(d);
		dump_close(d);
	}
	error_destroy(error);
	close(fd);
	return 0;
}
