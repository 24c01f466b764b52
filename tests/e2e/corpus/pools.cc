// SPDX-License-Identifier: MIT
//
// A compiler's way with memory: slabs from malloc and operator new, cut into objects of many
// classes.  And large objects that have many others as members, and arrays of such, which are none.
#include <cstdlib>
#include <new>

#include "truth.h"

namespace syntax {
struct Node {
	Node *parent = nullptr;
	virtual ~Node() {}
};
struct Name : Node {
	long hash = 0;
};
struct Mark {
	int line = 0;
	virtual void move() { line++; }
	virtual ~Mark() {}
};
struct Call : Node {
	Node *callee = nullptr, *arguments[4] = {};
	Mark mark; // always there: a member, no object
};
struct Block : Node {
	Node *first = nullptr, *last = nullptr;
	long depth[7] = {};
};
} // namespace syntax

using namespace syntax;

class Pool {
public:
	Pool(size_t size, bool uses_new, const char *type)
		: size(size), uses_new(uses_new), type(type)
	{
	}
	template <class T> T *make()
	{
		void *p = take(sizeof(T));
		return new (p) T;
	}

private:
	void *take(size_t bytes)
	{
		if (room < bytes) {
			at = static_cast<char *>(uses_new ? operator new(size) : malloc(size));
			memset(at, 0, size);
			note(at, type);
			room = size;
		}
		void *p = at;
		at += bytes;
		room -= bytes;
		return p;
	}

	size_t size, room = 0;
	char *at = nullptr;
	bool uses_new;
	const char *type;
};

// Slabs of one class each, with free slots and without.
struct Slot : Mark {
	Slot *next = nullptr;
	long values[3] = {};
};

Slot *slots;

static void fill_slots(int nr_slabs)
{
	for (int i = 0; i < nr_slabs; i++) {
		char *slab = i & 1 ? static_cast<char *>(operator new(8192))
				   : static_cast<char *>(malloc(4096));
		const size_t size = i & 1 ? 8192 : 4096;
		memset(slab, 0, size);
		note(slab, "arena (Slot)");
		for (size_t at = 0; at + sizeof(Slot) <= size; at += sizeof(Slot)) {
			if (i & 1 && at % 5 == 3)
				continue;
			Slot *slot = new (slab + at) Slot;
			slot->next = slots;
			slots = slot;
		}
	}
}

// One object: it has as many members with vtables as a slab has objects, and a slab's size.
struct Form {
	virtual ~Form() {}
	Name names[3];
	long between[5] = {};
	Mark marks[9];
	Block block;
	Call calls[4];
	char rest[4096 - 8 - 3 * sizeof(Name) - 40 - 9 * sizeof(Mark) - sizeof(Block) -
		  4 * sizeof(Call)] = {};
};
static_assert(sizeof(Form) == 4096, "a slab's size");

// The same without a vtable of its own.
struct Sheet {
	Mark first;
	Name name;
	Mark second;
	long between[9] = {};
	Mark third[2];
	Call call;
	Mark more[5];
	Name last;
	char rest[2048 - 8 * 16 - 2 * sizeof(Name) - 72 - sizeof(Call)] = {};
};

Node *root_node, *other_root;
Form *forms[4];
Sheet *sheet;
Call *calls;

static Node *fill(Pool &pool, int nr)
{
	Node *last = nullptr;
	for (int i = 0; i < nr; i++) {
		Node *n;
		if (i % 7 == 3) {
			auto *block = pool.make<Block>();
			block->first = last;
			n = block;
		} else if (i % 3 == 1) {
			auto *call = pool.make<Call>();
			call->callee = last;
			n = call;
		} else {
			n = pool.make<Name>();
		}
		if (last)
			last->parent = n;
		last = n;
	}
	return last;
}

int main(int argc, char **argv)
{
	(void)argv;
	Pool small(4096, false, "arena (syntax::Name, syntax::Call, syntax::Block)");
	Pool large(256 << 10, true, "arena (syntax::Name, syntax::Call, syntax::Block)");
	root_node = fill(small, argc * 5000);
	other_root = fill(large, argc * 9000);
	fill_slots(argc * 6);
	for (auto &form : forms) {
		form = new Form;
		note(form, "Form");
	}
	sheet = new Sheet;
	note(sheet, "Sheet");
	calls = new Call[40];
	note(reinterpret_cast<char *>(calls) - sizeof(size_t), "syntax::Call[]"); // their count
	wait_for_the_dump();
	return 0;
}
