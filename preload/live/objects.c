/* SPDX-License-Identifier: MIT */
/*
 * Pools and their arrays of records: made when a pool's first block is born, made anew when
 * pymalloc has given the pool to another class.  Arrays are cut from pages of our own, and used
 * again for pools of the same class.
 *
 * Inside the door; the lock is for interpreters that have a GIL of their own.  The snapshot child
 * walks.
 */
#include "live/objects.h"

#include <heapcensus/dump_format.h>
#include <string.h>

#include "live/label.h"
#include "live/lock.h"
#include "rt/count.h"
#include "rt/private.h"

#include "rt/ban.h"

#define NR_CLASSES	   (OBJECT_SIZE_MAX / 16)
#define LEAF_SIZE	   (1ul << PLANE_LEAF_SHIFT)
#define CHUNK_SIZE	   (256ul << 10)
#define ENTRY_SHIFT	   4
_Static_assert(sizeof(struct object_pool) == 1u << ENTRY_SHIFT, "entry_shift, leaf_mask");
#define RECORD_SLACK(rest) ((rest) >> 24 & OBJECT_SLACK_MAX)
#define RECORD_STACK(rest) ((rest) & RECORD_STACK_MAX)
#define RECORD_LABEL	   (1u << 31)

struct objects live_objects;

/* A spare array: the next one of its class. */
struct spare_array {
	struct spare_array *next;
};

/* Under the lock. */
static struct {
	struct lock lock;
	char *chunk, *chunk_end; /* what arrays are cut from */
	struct spare_array *spare[NR_CLASSES];
} arrays;

static uint32_t nr_blocks(uint32_t block_size)
{
	return ((1u << live_objects.pool_shift) - OBJECT_POOL_HEADER) / block_size;
}

static size_t array_bytes(uint32_t block_size)
{
	return (nr_blocks(block_size) * sizeof(struct object_record) + 7) & ~(size_t)7;
}

static void *cut_array(size_t size)
{
	if ((size_t)(arrays.chunk_end - arrays.chunk) < size) {
		char *const chunk = private_pages(CHUNK_SIZE);

		if (!chunk)
			return NULL;
		arrays.chunk = chunk;
		arrays.chunk_end = chunk + CHUNK_SIZE;
	}
	char *const p = arrays.chunk;

	arrays.chunk += size;
	return p;
}

/* All zero.  NULL where there is no memory. */
static struct object_record *take_array(uint32_t block_size)
{
	struct spare_array **const list = &arrays.spare[block_size / 16 - 1];
	struct spare_array *const again = *list;

	if (!again)
		return cut_array(array_bytes(block_size));
	*list = again->next;
	return memset(again, 0, array_bytes(block_size));
}

static void give_array(const struct object_pool *pool)
{
	struct spare_array **const list = &arrays.spare[pool->block_size / 16 - 1];
	struct spare_array *const array = (struct spare_array *)pool->records;

	array->next = *list;
	*list = array;
}

/* The labels of what still lived there. */
static void drop_labels(const struct object_pool *pool, uint64_t start)
{
	for (uint32_t i = 0; i < nr_blocks(pool->block_size); i++)
		if (pool->records[i].birth && pool->records[i].rest & RECORD_LABEL)
			label_remove(PLANE_OBJECT,
				     start + OBJECT_POOL_HEADER + i * pool->block_size);
}

static void empty_pool(struct object_pool *pool, uint64_t start)
{
	if (!pool->records)
		return;
	drop_labels(pool, start);
	lock_take(&arrays.lock);
	give_array(pool);
	lock_give(&arrays.lock);
	*pool = (struct object_pool){ .block_size = OBJECT_POOL_EMPTY };
}

/* The pool has another class than its records, or none yet. */
static bool set_class(struct object_pool *pool, uint64_t addr, uint32_t block_size)
{
	if (block_size < 16 || block_size > OBJECT_SIZE_MAX)
		return false;
	empty_pool(pool, object_pool_start(addr));
	lock_take(&arrays.lock);
	struct object_record *const records = take_array(block_size);

	lock_give(&arrays.lock);
	if (!records)
		return false;
	*pool = (struct object_pool){
		.records = records,
		.block_size = block_size,
		.reciprocal = (uint32_t)(((1ull << 32) + block_size - 1) / block_size),
	};
	return true;
}

/* The record for a block of `size`; NULL where this table cannot have it. */
static struct object_record *make_record(uint64_t addr, uint64_t size, uint32_t *slack)
{
	struct object_pool *const pool = object_find_pool(addr);

	if (!pool || !pool->block_size || size > OBJECT_SIZE_MAX)
		return NULL;
	const uint32_t block_size = object_class_size(addr);

	*slack = block_size - (uint32_t)size;
	if (*slack > OBJECT_SLACK_MAX)
		return NULL;
	if (pool->block_size != block_size && !set_class(pool, addr, block_size))
		return NULL;
	return object_record_at(pool, addr);
}

bool object_put(uint64_t addr, uint64_t size, uint64_t a, uint64_t b)
{
	uint32_t slack;

	if (record_attr(a) || record_kind(a) != HC_KIND_PYTHON || !record_thread(b))
		return false;
	struct object_record *const r = make_record(addr, size, &slack);

	if (!r)
		return false;
	r->rest = record_stack(a) | slack << 24 |
		  (record_flags(a) & RECORD_LABELLED ? RECORD_LABEL : 0);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	r->birth = b;
	return true;
}

bool object_insert(struct thread *t, uint64_t addr, uint64_t size, uint32_t stack)
{
	live_notice_time(t);
	const uint64_t b = live_pack_birth(t);

	if (!object_put(addr, size, record_pack_a(0, stack, t->attr, HC_KIND_PYTHON, 0), b))
		return false;
	t->bytes_allocated += size;
	t->seq++;
	return true;
}

static void unpack(const struct object_pool *pool, const struct object_record *r,
		   struct live_block *out)
{
	const uint32_t flags = r->rest & RECORD_LABEL ? RECORD_LABELLED : 0;

	out->size = pool->block_size - RECORD_SLACK(r->rest);
	out->a = record_pack_a(out->size, RECORD_STACK(r->rest), 0, HC_KIND_PYTHON, flags);
	out->b = r->birth;
}

static struct object_record *find_alive(uint64_t addr, struct live_block *out)
{
	struct object_record *const r = object_find_record(addr);

	if (!r || !r->birth)
		return NULL;
	unpack(object_find_pool(addr), r, out);
	return r;
}

bool object_find(uint64_t addr, struct live_block *out)
{
	return find_alive(addr, out) != NULL;
}

bool object_forget(struct thread *t, uint64_t addr, struct live_block *was)
{
	struct object_record *const r = find_alive(addr, was);

	if (!r)
		return false;
	r->birth = 0;
	if (t) {
		t->nr_freed++;
		t->bytes_freed += was->size;
	}
	return true;
}

bool object_set_labelled(uint64_t addr, bool labelled)
{
	struct live_block was;
	struct object_record *const r = find_alive(addr, &was);

	if (!r)
		return false;
	r->rest = labelled ? r->rest | RECORD_LABEL : r->rest & ~RECORD_LABEL;
	return true;
}

/* ---- arenas ---- */

static uint64_t leaf_bytes(void)
{
	return (LEAF_SIZE >> live_objects.pool_shift) * sizeof(struct object_pool);
}

static bool add_directory(uint32_t pool_shift)
{
	if (live_objects.leaves)
		return live_objects.pool_shift == pool_shift;
	live_objects.pool_shift = pool_shift;
	live_objects.start_mask = -(1ull << pool_shift);
	live_objects.entry_shift = pool_shift - ENTRY_SHIFT;
	live_objects.leaf_mask = leaf_bytes() - sizeof(struct object_pool);
	__atomic_store_n(&live_objects.leaves,
			 private_pages(PLANE_NR_LEAVES * sizeof(*live_objects.leaves)),
			 __ATOMIC_RELEASE);
	return live_objects.leaves != NULL;
}

/* With the lock held. */
static bool add_leaf(uint64_t addr)
{
	struct object_pool **const leaf = &live_objects.leaves[addr >> PLANE_LEAF_SHIFT];

	if (!*leaf)
		__atomic_store_n(leaf, private_pages(leaf_bytes()), __ATOMIC_RELEASE);
	return *leaf != NULL;
}

/* The whole pools of [addr, addr + size). */
static uint64_t first_pool(uint64_t addr)
{
	return object_pool_start(addr + (1ul << live_objects.pool_shift) - 1);
}

bool objects_add_arena(uint64_t addr, uint64_t size, uint32_t pool_shift)
{
	const uint64_t step = 1ul << pool_shift;

	if ((addr + size) >> PLANE_ADDRESS_BITS)
		return false;
	lock_take(&arrays.lock);
	bool done = add_directory(pool_shift) && add_leaf(addr) && add_leaf(addr + size - 1);

	for (uint64_t at = first_pool(addr); done && at + step <= addr + size; at += step)
		object_find_pool(at)->block_size = OBJECT_POOL_EMPTY;
	lock_give(&arrays.lock);
	return done;
}

void objects_remove_arena(uint64_t addr, uint64_t size)
{
	const uint64_t step = 1ul << live_objects.pool_shift;

	for (uint64_t at = first_pool(addr); at + step <= addr + size; at += step) {
		struct object_pool *const pool = object_find_pool(at);

		if (!pool)
			return;
		empty_pool(pool, at);
		pool->block_size = 0;
	}
}

void objects_fork_prepare(void)
{
	lock_take(&arrays.lock);
}

void objects_fork_done(void)
{
	lock_give(&arrays.lock);
}

/* ---- the walk ---- */

/* The pool of c->next, or the next one that has records; NULL at the end. */
static const struct object_pool *cursor_pool(struct plane_cursor *c)
{
	while (c->next >> PLANE_ADDRESS_BITS == 0) {
		const struct object_pool *const pool = object_find_pool(c->next);

		if (pool && pool->records)
			return pool;
		if (pool)
			c->next = object_pool_start(c->next) + (1ul << live_objects.pool_shift);
		else
			c->next = ((c->next >> PLANE_LEAF_SHIFT) + 1) << PLANE_LEAF_SHIFT;
	}
	return NULL;
}

static bool take_from_pool(struct plane_cursor *c, const struct object_pool *pool)
{
	const uint64_t start = object_pool_start(c->next), first = start + OBJECT_POOL_HEADER;
	const uint32_t nr = nr_blocks(pool->block_size);

	for (uint64_t i = c->next > first ? (c->next - first) / pool->block_size : 0; i < nr; i++) {
		struct live_block block;

		if (!pool->records[i].birth)
			continue;
		unpack(pool, &pool->records[i], &block);
		c->addr = first + i * pool->block_size;
		c->size = block.size;
		c->record = (struct record){ .a = block.a, .b = block.b };
		c->next = c->addr + pool->block_size;
		return true;
	}
	c->next = start + (1ul << live_objects.pool_shift);
	return false;
}

bool object_cursor_next(struct plane_cursor *c)
{
	const struct object_pool *pool;

	while (live_objects.leaves && (pool = cursor_pool(c)))
		if (take_from_pool(c, pool))
			return true;
	return false;
}
