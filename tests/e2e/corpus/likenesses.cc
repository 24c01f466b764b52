// SPDX-License-Identifier: MIT
//
// A program without any std:: container whose own structs have the very words of one: a ring with a
// head and a number, buffers of begin, position and end, tables with lengths.  None of its blocks
// may be called a container's.  WITH_CONTAINERS: it has others, too, so that only debug information
// tells.
#include <new>
#ifdef WITH_CONTAINERS
#include <list>
#include <vector>
#endif

#include "truth.h"

struct Link {
	Link *next, *prev;
};
struct Item {
	Link link;
	long value;
	const char *name;
};
struct Ring {
	Link head;
	unsigned long number;
};
struct Arena {
	char *begin, *cur, *end;
	Arena *next;
};
struct Span {
	int *first, *last, *room;
};
struct Table {
	Item **slots;
	unsigned long number, room;
};
struct Bytes {
	char *text;
	unsigned long length, room;
};

static Ring rings[4];
static Arena *arenas;
static Span spans[10];
static Table tables[3];
static Bytes buffers[5];

static void add(Ring *ring, long value)
{
	Item *item = new Item{ { &ring->head, ring->head.prev }, value, "item" };

	note(item, "Item");
	item->link.prev->next = &item->link;
	ring->head.prev = &item->link;
	ring->number++;
}

static void make_rings()
{
	for (Ring &ring : rings) {
		ring.head = { &ring.head, &ring.head };
		for (long i = 0; i < 12; i++)
			add(&ring, i);
	}
}

static void make_buffers()
{
	for (int i = 0; i < 6; i++) {
		Arena *a = new Arena;
		note(a, "Arena");
		a->begin = static_cast<char *>(::operator new(1000 + 8 * i));
		note(a->begin, "bytes");
		a->cur = a->begin + 100 * i;
		a->end = a->begin + 1000 + 8 * i;
		for (char *p = a->begin; p < a->end; p++)
			*p = (char)(i + 1);
		a->next = arenas;
		arenas = a;
	}
	for (int i = 0; i < 10; i++) {
		const int room = 4 + i;
		spans[i].first = static_cast<int *>(::operator new(room * sizeof(int)));
		note(spans[i].first, "int[]");
		spans[i].last = spans[i].first + i;
		spans[i].room = spans[i].first + room;
		for (int k = 0; k < room; k++)
			spans[i].first[k] = k - 5;
	}
}

static void make_tables()
{
	for (Table &table : tables) {
		table.room = 16;
		table.slots = new Item *[table.room]();
		note(table.slots, "Item *[]");
		for (table.number = 0; table.number < 9; table.number++) {
			table.slots[table.number] =
				new Item{ { nullptr, nullptr }, 1, "in a table" };
			note(table.slots[table.number], "Item");
		}
	}
	for (Bytes &b : buffers) {
		b.room = 40;
		b.text = new char[b.room + 1]();
		note(b.text, "bytes");
		b.length = 0;
	}
}

#ifdef WITH_CONTAINERS
static std::list<long> numbers;
static std::vector<long> more;

static void make_containers()
{
	for (long i = 0; i < 10; i++) {
		numbers.push_back(i);
		more.push_back(i);
	}
}
#else
static void make_containers() {}
#endif

int main()
{
	make_containers();
	make_rings();
	make_buffers();
	make_tables();
	wait_for_the_dump();
	return rings[0].number + *spans[3].first == 12345;
}
