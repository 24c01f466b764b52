// SPDX-License-Identifier: MIT
//
// Classes that are hard to tell from their bases: derived ones that add nothing, empty bases, bases
// behind other bases, hooks of lists as bases, virtual bases without virtual functions of their
// own, arrays of the derived, private inheritance, unions of classes, objects in buffers, a class
// and its first member of one size.
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

#include "truth.h"

namespace lineage
{

struct Empty {
};
struct Tag : Empty {
};

struct Base {
	Base *next = nullptr;
	long id = 0;
};

struct Derived : Base { // as large as Base
	long twice() const { return id * 2; }
};

struct Further : Derived, private Tag {
	using Derived::Derived;
};

struct Longer : Base {
	double weights[2] = { 1, 2 };
};

struct Hook {
	Hook *next = nullptr, *previous = nullptr;
};

struct Indexed : Hook { // is in two lists
	int index = 0;
};

struct Item {
	char *name = nullptr;
	Item *parent = nullptr;
};

struct Listed : Item, Indexed { // the hook is behind the item
	unsigned flags = 0;
};

struct Wrapper { // as large as what is in it
	Item item;
	Item *operator->() { return &item; }
};

struct Top {
	int shared = 1;
};
struct LeftSide : virtual Top {
	LeftSide *next = nullptr;
};
struct RightSide : virtual Top {
	int right = 2;
};
struct Bottom : LeftSide, RightSide {
	int bottom = 3;
};

class Node
{
      public:
	union Body {
		Item item;
		long numbers[4];
		Body() : numbers{} {}
	};
	Body body;
	Node *left = nullptr, *right = nullptr;
};

template <typename T> class Handle
{ // owns one
      public:
	explicit Handle(T *p) : p(p) {}
	~Handle() { delete p; }
	Handle(const Handle &) = delete;
	T *get() const { return p; }

      private:
	T *p;
};

class Shared
{ // counts its users
      public:
	void add() { users++; }
	virtual long value() const { return 1; }

      protected:
	virtual ~Shared() = default;
	int users = 1;
};

class Document final : public Shared
{ // adds nothing but a function
      public:
	~Document() override = default;
	long value() const override { return 2; }
};

} // namespace lineage

using namespace lineage;

Base *bases;
Hook *hooks;
Longer *array_of_longer;
Bottom *bottoms;
Node *tree;
Handle<Item> *handles[30];
Wrapper *wrappers[30];
Shared *documents[30];
Item *items;

static __attribute__((noinline)) void chain(Base *b, long id)
{
	b->id = id;
	b->next = bases;
	bases = b;
}

static void make_bases()
{
	for (long i = 0; i < 40; i++) {
		Base *b = new Derived;
		note(b, "lineage::Derived");
		chain(b, i);
		HOLDS(b, next);
		b = new Further();
		note(b, "lineage::Further");
		chain(b, i);
		auto *l = new Longer;
		note(l, "lineage::Longer");
		chain(l, i);
		HOLDS(l, next);
		if (i % 2) {
			b = new Base;
			note(b, "lineage::Base");
			chain(b, i);
		}
	}
	array_of_longer = new Longer[7];
	note(array_of_longer, "lineage::Longer[]");
}

static Listed *last;

static void make_hooks()
{
	for (int i = 0; i < 60; i++) {
		auto *l = new Listed;
		note(l, "lineage::Listed");
		l->name = strdup("something in a list");
		note(l->name, "text");
		l->parent = last;
		l->index = i;
		l->next = hooks;
		if (hooks)
			hooks->previous = l;
		hooks = l;
		last = l;
		HOLDS(l, name);
		HOLDS(l, parent);
	}
}

static Node *make_tree(int depth)
{
	if (!depth)
		return nullptr;
	auto *n = new Node;
	note(n, "lineage::Node");
	if (depth % 2)
		n->body.numbers[3] = depth;
	n->left = make_tree(depth - 1);
	n->right = make_tree(depth - 1);
	HOLDS(n, left);
	HOLDS(n, right);
	return n;
}

static void make_others()
{
	for (int i = 0; i < 30; i++) {
		auto *item = new Item;
		note(item, "lineage::Item");
		item->parent = items;
		items = item;
		handles[i] = new Handle<Item>(item);
		note(handles[i], "lineage::Handle<lineage::Item>");
		HOLDS(item, parent);
		wrappers[i] = new Wrapper();
		note(wrappers[i], "lineage::Wrapper");
		(*wrappers[i])->parent = item;
		HOLDS(wrappers[i], item.parent);
		documents[i] = new Document;
		note(documents[i], "lineage::Document");
		auto *b = new Bottom;
		note(b, "lineage::Bottom");
		b->next = bottoms;
		bottoms = b;
	}
	for (int i = 0; i < 10; i++) { // in a buffer of malloc's
		void *place = malloc(sizeof(Further));
		auto *b = new (place) Further;
		note(b, "lineage::Further");
		chain(b, -i);
	}
}

int main()
{
	make_bases();
	make_hooks();
	tree = make_tree(7);
	make_others();
	ROOTS(tree);
	ROOTS(bases);
	wait_for_the_dump();
	return bases->id + documents[3]->value() + bottoms->bottom + (handles[2]->get() == items) ==
	       12345;
}
