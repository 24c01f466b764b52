/* SPDX-License-Identifier: MIT */
/*
 * The on-disk structures of a heapcensus dump: data only, shared by the writer (preload/snap) and
 * the reader (analyzer/dump).  docs/dump-format.md is the specification; this file is its C form.
 *
 * All integers are little-endian.  A file is one hc_file_header, then chunks back to back, each an
 * hc_chunk_header followed by stored_len bytes padded with zeroes to a multiple of 8; the last
 * chunk is END. A section is all chunks of one id, in file order, parts numbered from 0; every
 * chunk holds whole records.
 */
#ifndef HEAPCENSUS_DUMP_FORMAT_H
#define HEAPCENSUS_DUMP_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define HC_MAGIC	 "HEAPCENS"  /* 8 bytes, no NUL */
#define HC_VERSION_MAJOR 1	     /* a reader refuses another major */
#define HC_VERSION_MINOR 1	     /* see docs/dump-format.md, Versions */
#define HC_CHUNK_MAGIC	 0x4b434348u /* "HCCK" */
#define HC_CHUNK_RAW_MAX (64u << 20) /* no chunk holds more raw bytes */
#define HC_STRING_MAX	 (1u << 20)  /* no string is longer */
#define HC_INDEX_SUFFIX	 ".index"    /* of what the analyzer keeps beside a dump: goes with it */

#define HC_ID(a, b, c, d) \
	((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

/*
 * id, name, required (a file without it is refused), summary.  Repeated nowhere else.
 */
#define HC_SECTIONS(X) \
	X('P', 'R', 'O', 'C', PROC, 1, "process, times and options (key/values)") \
	X('C', 'N', 'T', 'R', CNTR, 1, "what was lost, and why (key/values)") \
	X('S', 'T', 'R', 'S', STRS, 1, "strings that other sections name by index") \
	X('M', 'O', 'D', 'S', MODS, 1, "loaded modules") \
	X('S', 'E', 'G', 'S', SEGS, 1, "loaded segments of the modules") \
	X('M', 'A', 'P', 'S', MAPS, 1, "mappings of the address space") \
	X('T', 'H', 'R', 'D', THRD, 1, "threads, living and gone") \
	X('R', 'E', 'G', 'S', REGS, 0, "registers of stopped threads") \
	X('P', 'Y', 'F', 'R', PYFR, 0, "places in Python code that stacks name") \
	X('S', 'T', 'A', 'K', STAK, 1, "stack depot: (pc, parent) nodes") \
	X('A', 'T', 'T', 'R', ATTR, 1, "(tag, scope) pairs") \
	X('B', 'L', 'K', 'S', BLKS, 1, "live blocks, by address") \
	X('L', 'A', 'B', 'L', LABL, 0, "labels of single blocks") \
	X('R', 'E', 'L', 'N', RELN, 0, \
	  "names of relations, where something other than heapcensus knows them") \
	X('B', 'M', 'E', 'M', BMEM, 0, "contents of small blocks") \
	X('R', 'M', 'E', 'M', RMEM, 0, "contents of address ranges: roots and large blocks") \
	X('A', 'N', 'E', 'X', ANEX, 0, "read-only memory that types are named by") \
	X('A', 'L', 'L', 'C', ALLC, 0, "allocator statistics (key/values)") \
	X('R', 'E', 'S', 'I', RESI, 0, "resident pages of writable mappings") \
	X('E', 'N', 'D', ' ', END, 1, "end of file")

enum hc_section_id {
#define HC_SECTION_ENUM(a, b, c, d, name, required, summary) HC_SECTION_##name = HC_ID(a, b, c, d),
	HC_SECTIONS(HC_SECTION_ENUM)
#undef HC_SECTION_ENUM
};

/* Offset 0 of the file. */
struct hc_file_header {
	char magic[8]; /* HC_MAGIC */
	uint16_t major;
	uint16_t minor;
	uint32_t header_size; /* sizeof(struct hc_file_header): the first chunk starts here */
	uint64_t flags;	      /* 0 */
	uint64_t file_id; /* random; seeds every checksum, so chunks of two files cannot be mixed */
	uint8_t reserved[24]; /* 0 */
	uint64_t checksum;    /* xxh3-64 of the 56 bytes before, seed 0 */
};

enum hc_codec {
	HC_CODEC_NONE = 0, /* stored_len == raw_len */
	HC_CODEC_ZSTD = 1, /* one zstd frame */
};

struct hc_chunk_header {
	uint32_t magic; /* HC_CHUNK_MAGIC */
	uint32_t id;	/* enum hc_section_id; an unknown id is skipped unless HC_CHUNK_REQUIRED */
	uint16_t version;	   /* 1; of the section's own encoding */
	uint16_t flags;		   /* HC_CHUNK_* */
	uint32_t part;		   /* 0, 1, 2 ... within the section */
	uint64_t raw_len;	   /* bytes after decompression, <= HC_CHUNK_RAW_MAX */
	uint64_t stored_len;	   /* bytes in the file, without padding */
	uint32_t codec;		   /* enum hc_codec */
	uint32_t reserved;	   /* 0 */
	uint64_t payload_checksum; /* xxh3-64 of the stored bytes, seed file_id */
	uint64_t header_checksum;  /* xxh3-64 of the 48 bytes before, seed file_id + file offset of
				      this header */
};

enum hc_chunk_flags {
	HC_CHUNK_REQUIRED = 1, /* a reader that does not know the id must refuse the file */
	HC_CHUNK_LAST = 2,     /* last part of its section: a section without it is truncated */
};

/* END: one chunk, one part. */
struct hc_end {
	uint64_t nr_chunks;	  /* all chunks of the file, END included */
	uint64_t file_size;	  /* whole file in bytes */
	uint64_t chunks_checksum; /* xxh3-64 over the header_checksum fields of all chunks before
				   * END, in file order, as consecutive u64, seed file_id */
	uint64_t reserved;	  /* 0 */
};

/* PROC, CNTR, ALLC: records back to back; key_len bytes of key, val_len bytes of value, zero
 * padding to 8. */
enum hc_kv_type {
	HC_KV_U64 = 0,	/* val_len 8 */
	HC_KV_TEXT = 1, /* bytes, no NUL among them */
	HC_KV_LIST = 2, /* texts, each ended by NUL */
};

struct hc_kv {
	uint16_t key_len; /* 1 .. 255, ASCII [A-Za-z0-9_.] */
	uint16_t type;	  /* enum hc_kv_type */
	uint32_t val_len; /* <= HC_STRING_MAX */
};

/* STRS: records back to back, u32 length then the bytes, zero padding to 4.  The n-th has index n,
 * from 1; 0 is "none". */

/* MODS: an array.  Module indices count from 0. */
struct hc_module {
	uint64_t bias;	     /* run-time address minus the ELF file's virtual address */
	uint64_t start, end; /* lowest and highest address of its segments */
	uint32_t path;	     /* string; absolute path, or "[vdso]" */
	uint32_t build_id;   /* string of raw bytes; 0 where it has none */
	uint32_t flags;	     /* 1: the main executable */
	uint32_t reserved;
};

/* SEGS: an array, by module, then address. */
struct hc_segment {
	uint64_t start, end; /* run-time addresses (end exclusive, not page rounded) */
	uint64_t file_offset;
	uint64_t file_size; /* bytes of [start, end) that come from the file; the rest is
			       zero-filled */
	uint32_t module;    /* index in MODS */
	uint32_t prot;	    /* PROT_READ 1, PROT_WRITE 2, PROT_EXEC 4, as in the program header */
	uint64_t relro_start, relro_end; /* part made read-only after relocation; 0,0 where none */
};

enum hc_map_kind {
	HC_MAP_OTHER = 0, /* anonymous, of unknown use */
	HC_MAP_FILE = 1,  /* backed by a file (a module or any other) */
	HC_MAP_HEAP = 2,  /* memory of the host's allocator */
	HC_MAP_STACK = 3,
	HC_MAP_PROFILER = 4, /* heapcensus' own: never in the census */
	HC_MAP_KERNEL = 5,   /* vdso, vvar, vsyscall */
};

/* MAPS: an array by address, non-overlapping.  A kernel mapping may be split where its parts differ
 * in kind. */
struct hc_map {
	uint64_t start, end;
	uint64_t file_offset;
	uint32_t prot; /* PROT_*, 8: shared */
	uint32_t kind; /* enum hc_map_kind */
	uint32_t path; /* string, 0 where anonymous */
	uint32_t reserved;
};

enum hc_thread_state {
	HC_THREAD_GONE = 0,    /* has exited; named because living blocks may be its */
	HC_THREAD_RUNNING = 1, /* sp unknown: its whole stack mapping is a (conservative) root */
	HC_THREAD_BLOCKED = 2, /* sp and pc are those of its system call */
	HC_THREAD_DUMPING =
		3, /* the thread that took the snapshot; all of its registers are in REGS */
};

/* THRD: an array.  A block of (slot, tick) belongs to the entry of that slot with first_tick <=
 * tick <= last_tick: a slot is never reused within one tick.  Slot 0 means "unknown thread":
 * entries with it (threads that never allocated, or came when all slots were taken) belong to no
 * block. */
struct hc_thread {
	uint32_t slot; /* 0 .. HC_THREAD_SLOT_MAX */
	int32_t tid;
	uint32_t first_tick;
	uint32_t last_tick;		 /* UINT32_MAX while it lives */
	uint32_t state;			 /* enum hc_thread_state */
	uint32_t name;			 /* string, 0 if unknown */
	uint64_t sp, pc;		 /* 0 if unknown */
	uint64_t stack_start, stack_end; /* of the mapping that holds sp (or the registered stack);
					    0 if unknown */
	uint64_t tls;			 /* thread pointer (fs base), 0 if unknown */
	uint64_t nr_allocated, nr_freed; /* blocks by this thread so far */
	uint64_t bytes_allocated, bytes_freed; /* requested bytes */
};

#define HC_THREAD_SLOT_MAX 16383u

/* REGS: an array. */
struct hc_register {
	int32_t tid;
	uint32_t regno; /* DWARF number: 0 rax 1 rdx 2 rcx 3 rbx 4 rsi 5 rdi 6 rbp 7 rsp 8-15 r8-r15
			   16 rip */
	uint64_t value;
};

/* PYFR: an array; entry n has index n from 1. */
struct hc_python_place {
	uint32_t file, function; /* strings, as in a traceback */
	uint32_t line;		 /* 0: the instruction has none */
	uint32_t reserved;
};

/*
 * STAK: an array; node n has index n from 1 (0: no stack).  parent < own index.  Three sorts of
 * nodes: of a native frame, of a Python frame (its parent is one, too), and of a block's stack that
 * has both: its parent is the native one (or 0), and pc names the Python one.
 */
#define HC_STACK_PYTHON (1ull << 63) /* pc: Python frame; bits 0 to 31: PYFR */
#define HC_STACK_ENTRY \
	(1ull << 32) /* ... whose caller is C code: it entered the interpreter's loop */
#define HC_STACK_BOTH \
	(1ull << 62) /* pc: both; bits 0 to 31: STAK, of the innermost Python frame, less than the \
			own index */
#define HC_STACK_EMPTY \
	(1ull << 32) /* ... and the innermost run of the interpreter's loop has no frame among \
			these yet */
#define HC_STACK_INDEX(pc) ((uint32_t)(pc))
/* Of a chain that was cut because it was deeper than stack_depth, at least so many frames are kept.
 */
#define HC_STACK_CUT_MIN(stack_depth) ((stack_depth) - (stack_depth) / 8)

struct hc_stack_node {
	uint64_t pc;	 /* return address; or HC_STACK_PYTHON, HC_STACK_BOTH */
	uint32_t parent; /* the caller's node, 0 at the outermost known frame */
	uint32_t reserved;
};

/* ATTR: an array; entry n has index n from 1 (0: neither tag nor scope). */
struct hc_attr {
	uint32_t tag;	/* string or 0 */
	uint32_t scope; /* string or 0; nested scopes as "outer/inner" */
};

/* name, text */
#define HC_KINDS(X) \
	X(1, MALLOC, "malloc") \
	X(2, CALLOC, "calloc") \
	X(3, REALLOC, "realloc") \
	X(4, MEMALIGN, "memalign") \
	X(5, NEW, "new") \
	X(6, NEW_ARRAY, "new[]") \
	X(7, MMAP, "mmap") \
	X(8, ARENA, "arena") \
	X(9, POOL, "pool") \
	X(10, PYTHON, "python")

enum hc_kind {
#define HC_KIND_ENUM(value, name, text) HC_KIND_##name = value,
	HC_KINDS(HC_KIND_ENUM)
#undef HC_KIND_ENUM
		HC_KIND_LIMIT = 16,
};

/*
 * BLKS: each chunk is empty or an hc_blocks_header, then count entries of each column below, column
 * by column, each column padded with zeroes to 8.  Over all chunks addresses ascend; of two blocks
 * at one address the larger comes first.  A block may lie inside another (pool in malloc, python in
 * arena); it never straddles the end of one.
 *
 *   u32 delta     bytes from the block before (from first_addr for the first, where it is 0)
 *   u32 or u64    requested size (u64 with HC_BLOCKS_SIZE64)
 *   u32 tick      of birth, in units of PROC "tick_ns" since PROC "start_monotonic_ns"
 *   u32 seq       the thread's running number of the birth (24 bits, wraps)
 *   u32 stack     STAK node, 0 unknown
 *   u16 thread    THRD slot
 *   u16 attr      ATTR index
 *   u8  kind      enum hc_kind
 *   u8  flags     HC_BLOCK_*
 * Identity for ever: (address, tick, thread, seq).
 *
 * With HC_BLOCKS_PLANES a column of n bytes an entry stands as n arrays of count bytes: first the
 * lowest byte of each entry, then the next of each.  What the entries have in common is then in one
 * place, which compresses better and faster.
 */
struct hc_blocks_header {
	uint64_t first_addr;
	uint32_t count; /* 1 .. HC_BLOCKS_MAX */
	uint32_t flags; /* HC_BLOCKS_SIZE64, HC_BLOCKS_PLANES */
};

#define HC_BLOCKS_SIZE64 1u
#define HC_BLOCKS_PLANES 2u
#define HC_BLOCKS_MAX	 65536u
#define HC_NEST_MAX	 32u /* a block lies inside fewer others than that */

enum hc_block_flags {
	HC_BLOCK_LABELLED = 1,
};

/* LABL: an array, by address. */
struct hc_label {
	uint64_t addr; /* of a block with HC_BLOCK_LABELLED */
	uint32_t text; /* string */
	uint32_t reserved;
};

/*
 * RELN: an array, by address, then offset.  What the program or another tool calls the relation
 * that a word of a block stands for:
 * ".__dict__", "['meta']".  The preload writes none; a tool that knows a language runtime's
 * structures may add the section to a dump.
 */
struct hc_relation {
	uint64_t addr;	 /* of a block */
	uint32_t offset; /* of the word in it; a multiple of 8 */
	uint32_t text;	 /* string */
};

/*
 * BMEM: contents of every block that is smaller than HC_LARGE_BLOCK, is not of kind ARENA, and does
 * not lie inside another block of a kind other than ARENA (such a block's bytes are its parent's),
 * in the order of BLKS, each padded with zeroes to 8.  Each chunk begins with an hc_bmem_header and
 * holds whole blocks.
 */
#define HC_LARGE_BLOCK (128u << 10)

struct hc_bmem_header {
	uint64_t first_block; /* index over all of BLKS, of a block that has contents here */
	uint64_t nr_blocks;   /* blocks with contents in this chunk */
};

enum hc_range_kind {
	HC_RANGE_BLOCK = 0, /* part of a large block; parts of it that no range covers are zero */
	HC_RANGE_DATA = 1,  /* .data, .bss, relro of a module */
	HC_RANGE_STACK = 2, /* of thread tid, from its sp (or all of it where sp is unknown) */
	HC_RANGE_TLS = 3,   /* thread-local storage and thread descriptor of tid */
	HC_RANGE_OTHER = 4, /* other writable anonymous memory that no allocator owns */
};

/* RMEM: each chunk holds entries back to back: hc_range, then len bytes padded with zeroes to 8.
 * Entries ascend by address over the whole section and do not overlap. */
struct hc_range {
	uint64_t addr;
	uint64_t len;
	uint32_t kind; /* enum hc_range_kind */
	int32_t tid;   /* of stack and TLS, else 0 */
};

/* ANEX: like RMEM with kind 0: read-only memory: (vtable prefixes, type_info objects, type names).
 * Entries ascend, no overlap. */

/* RESI: an array of runs of pages, by address. */
struct hc_resident_run {
	uint64_t start, end; /* resident (or swapped) pages of a writable private mapping */
};

/*
 * Keys of PROC (all u64 unless said otherwise):
 *   exe (text) cmdline (list) pid ppid host (text) heapcensus_version (text) page_size
 *   start_realtime_ns start_monotonic_ns dump_realtime_ns dump_monotonic_ns tick_ns
 *   dump_number reason (text: signal, every, grow, exit, api)
 *   allocator (text: glibc, jemalloc, tcmalloc, mimalloc, unknown)
 *   contents (text: full, pointers, none) stacks (text: full, python, caller, off)
 *   stack_depth (frames that a chain of them has at most) pause_ns
 *   profiler_bytes (resident bytes of heapcensus itself) rss_bytes
 * and where there is a CPython:
 *   python_version (text: 3.11.2) python_free_threaded (0 or 1)
 *   python_allocator (text: default, pymalloc, malloc, pymalloc_debug, ..., custom)
 *   python_runtime python_type_type (addresses of _PyRuntime and PyType_Type, 0 unknown)
 * and
 *   option.NAME (text) for every option that is not at its default
 *
 * Keys of CNTR: count_list.h has them, value = how many; only those that are not 0 need be there.
 */

_Static_assert(sizeof(struct hc_file_header) == 64, "on-disk size");
_Static_assert(offsetof(struct hc_file_header, checksum) == 56, "on-disk offset");
_Static_assert(sizeof(struct hc_chunk_header) == 56, "on-disk size");
_Static_assert(offsetof(struct hc_chunk_header, header_checksum) == 48, "on-disk offset");
_Static_assert(sizeof(struct hc_end) == 32, "on-disk size");
_Static_assert(sizeof(struct hc_kv) == 8, "on-disk size");
_Static_assert(sizeof(struct hc_module) == 40, "on-disk size");
_Static_assert(sizeof(struct hc_segment) == 56, "on-disk size");
_Static_assert(sizeof(struct hc_map) == 40, "on-disk size");
_Static_assert(sizeof(struct hc_thread) == 96, "on-disk size");
_Static_assert(sizeof(struct hc_register) == 16, "on-disk size");
_Static_assert(sizeof(struct hc_python_place) == 16, "on-disk size");
_Static_assert(sizeof(struct hc_stack_node) == 16, "on-disk size");
_Static_assert(sizeof(struct hc_attr) == 8, "on-disk size");
_Static_assert(sizeof(struct hc_blocks_header) == 16, "on-disk size");
_Static_assert(sizeof(struct hc_label) == 16, "on-disk size");
_Static_assert(sizeof(struct hc_relation) == 16, "on-disk size");
_Static_assert(sizeof(struct hc_bmem_header) == 16, "on-disk size");
_Static_assert(sizeof(struct hc_range) == 24, "on-disk size");
_Static_assert(sizeof(struct hc_resident_run) == 16, "on-disk size");

#endif
