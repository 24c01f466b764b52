// SPDX-License-Identifier: MIT
//
// Memory of std:: containers, in globals, in objects, in one another and on the stack, as libstdc++
// and libc++ make it; containers that were, whose words are still where they lay when others have
// their memory; and structs of a program's own that look much like them.
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <new>
#include <queue>
#include <set>
#include <sstream>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "truth.h"

// Where in a node its value is.
#ifdef _LIBCPP_VERSION
enum { HASH_VALUE = 16, TREE_VALUE = 25 };
#else
enum { HASH_VALUE = 8, TREE_VALUE = 32 };
#endif
enum { LIST_VALUE = 16 };

// The word at index i of an object, as an address.
template <typename T> static const void *word(const T &object, unsigned i)
{
	const void *p;
	memcpy(&p, reinterpret_cast<const char *>(&object) + i * 8, 8);
	return p;
}

static void note_behind(const void *value, unsigned distance, const char *type)
{
	note(static_cast<const char *>(value) - distance, type);
}

template <typename S> static void note_text(const S &s, const char *type)
{
	const char *p = reinterpret_cast<const char *>(s.data());
	const char *object = reinterpret_cast<const char *>(&s);
	if (p < object || p >= object + sizeof(s))
		note(p, type);
}

template <typename V> static void note_items(const V &v, const char *type)
{
	if (v.capacity())
		note(v.data(), type);
}

template <typename L> static void note_list(const L &l, const char *type)
{
	for (auto &value : l)
		note_behind(&value, LIST_VALUE, type);
}

template <typename T> static void note_tree(const T &t, const char *type)
{
	const unsigned align = alignof(typename T::value_type);
	for (auto &value : t)
		note_behind(&value, (TREE_VALUE + align - 1) / align * align, type);
}

template <typename T> static void note_table(const T &t, const char *node, const char *buckets)
{
	for (auto &value : t)
		note_behind(&value, HASH_VALUE, node);
	if (t.bucket_count() > 1)
		note(word(t, 0), buckets);
}

template <typename D> static void note_deque(const D &d, const char *chunk, const char *map)
{
	note(word(d, 0), map);
#ifdef _LIBCPP_VERSION
	auto first = static_cast<void *const *>(word(d, 1)),
	     last = static_cast<void *const *>(word(d, 2));
#else
	auto first = static_cast<void *const *>(word(d, 5)),
	     last = static_cast<void *const *>(word(d, 9)) + 1;
#endif
	for (; first != last; first++)
		note(*first, chunk);
}

struct Point {
	int x, y, z;
};

struct Link {
	std::string url;
	std::vector<std::string> anchors;
	Link *next;
};

struct Page {
	virtual ~Page() {}
	std::string title, body;
	std::vector<Link> links;
	std::map<std::string, std::string> meta;
	std::list<int> sizes;
};

struct Wide {
	double v[80];
};

static std::vector<Page *> pages;
static std::map<std::string, Page> by_name;
static std::set<long> numbers;
static std::multiset<int> bag;
static std::multimap<int, Point> points;
static std::unordered_map<std::string, std::vector<int>> table;
static std::unordered_set<int> seen;
static std::unordered_multimap<long, std::string> many;
static std::deque<int> queue;
static std::deque<Wide> wides;
static std::queue<std::string> waiting;
static std::list<std::string> names;
static std::vector<bool> flags;
static std::vector<std::vector<Point>> nested;
static std::wstring wide;
static std::u16string utf16;
static std::vector<Page> values;
static std::unordered_map<int, std::map<int, std::list<std::string>>> deep;
static std::ostringstream *stream;
static std::set<std::pair<int, int>> pairs;

static std::string text(const char *what, int i)
{
	return std::string(what) + ": a text that is too long for the object itself, number " +
	       std::to_string(i);
}

static void fill_page(Page &p, int i)
{
	p.title = text("title", i);
	p.body.reserve(100 + i);
	p.body = "short";
	for (int k = 0; k < i % 4; k++) {
		p.links.push_back(Link{ text("http://example.org/", k), {}, nullptr });
		for (int m = 0; m <= k; m++)
			p.links.back().anchors.push_back(text("anchor", m));
		p.meta[text("key", k)] = text("value", k);
		p.sizes.push_back(k);
	}
}

// What a Page that is a block itself holds, and what its containers hold.
static void note_edges(const Page *p)
{
	edge(p, p->title.data(), ".title");
	if (p->links.empty())
		return;
	edge(p, p->links.data(), ".links");
	edge(p->links.data(), p->links[0].url.data(), "[*].url");
	edge(p->links.data(), p->links[0].anchors.data(), "[*].anchors");

	const auto &first = *p->meta.begin();
	const char *node = reinterpret_cast<const char *>(&first) - 32;
	edge(node, first.first.data(), ".first");
	edge(node, first.second.data(), ".second");
	edge(p, reinterpret_cast<const char *>(&p->sizes.front()) - LIST_VALUE, ".sizes");
}

static void note_page(const Page &p)
{
	note_text(p.title, "std::string text");
	note_text(p.body, "std::string text");
	note_items(p.links, "std::vector<Link> items");
	for (const Link &l : p.links) {
		note_text(l.url, "std::string text");
		note_items(l.anchors, "std::vector<std::string> items");
		for (const std::string &s : l.anchors)
			note_text(s, "std::string text");
	}
	note_tree(p.meta, "std::map<std::string, std::string> node");
	for (auto &m : p.meta) {
		note_text(m.first, "std::string text");
		note_text(m.second, "std::string text");
	}
	note_list(p.sizes, "std::list<int> node");
}

static void make_sequences()
{
	for (int i = 0; i < 20; i++) {
		Page *p = new Page;
		fill_page(*p, i);
		pages.push_back(p);
		names.push_back(text("name", i));
		nested.push_back(std::vector<Point>(i % 5, Point{ i, i, i }));
		waiting.push(text("waiting", i));
		wides.push_back(Wide());
	}
	for (int i = 0; i < 1000; i++) {
		queue.push_back(i);
		flags.push_back(i % 3 == 0);
		if (i % 5 == 0)
			queue.pop_front();
	}
	values.resize(3);
	for (int i = 0; i < 3; i++)
		fill_page(values[i], i + 1);
	wide = L"a wide text of thirty characters, more or less";
	utf16 = u"sixteen bits each";
	stream = new std::ostringstream;
	for (int i = 0; i < 50; i++)
		*stream << "number " << i << ' ';
}

static void note_sequences()
{
	for (Page *p : pages) {
		note(p, "Page");
		note_page(*p);
		note_edges(p);
		edge(pages.data(), p, "[*]");
	}
	note_items(pages, "std::vector<Page *> items");
	note_list(names, "std::list<std::string> node");
	for (const std::string &s : names)
		note_text(s, "std::string text");
	note_items(nested, "std::vector<std::vector<Point>> items");
	for (auto &v : nested)
		note_items(v, "std::vector<Point> items");
	note_deque(waiting, "std::deque<std::string> chunk", "std::deque<std::string> map");
	note_text(waiting.front(), "std::string text");
	note_text(waiting.back(), "std::string text");
	note_deque(wides, "std::deque<Wide> chunk", "std::deque<Wide> map");
	note_deque(queue, "std::deque<int> chunk", "std::deque<int> map");
	note(word(flags, 0), "std::vector<bool> items");
	note_items(values, "std::vector<Page> items");
	for (const Page &p : values)
		note_page(p);
	note_text(wide, "std::wstring text");
	note_text(utf16, "std::u16string text");
#ifdef _LIBCPP_VERSION
	note(word(*stream->rdbuf(), 5), "std::string text");
#else
	note(word(*stream->rdbuf(), 4), "std::string text");
#endif
}

static void make_tables()
{
	for (int i = 0; i < 50; i++) {
		fill_page(by_name[text("page", i)], i);
		numbers.insert(i * 7);
		bag.insert(i % 10);
		points.emplace(i % 8, Point{ 1, 2, i });
		table[text("row", i)].assign(i % 6, i);
		seen.insert(i * 31);
		many.emplace(i % 9, text("many", i));
		deep[i % 6][i % 3].push_back(text("deep", i));
		pairs.insert({ i, -i });
	}
	for (int i = 0; i < 40; i += 3)
		numbers.erase(i * 7);
}

static void note_tables()
{
	note_tree(by_name, "std::map<std::string, Page> node");
	for (auto &e : by_name) {
		note_text(e.first, "std::string text");
		note_page(e.second);
	}
	note_tree(numbers, "std::set<long> node");
	note_tree(bag, "std::multiset<int> node");
	note_tree(points, "std::multimap<int, Point> node");
	note_tree(pairs, "std::set<std::pair<int, int>> node");
	note_table(table, "std::unordered_map<std::string, std::vector<int>> node",
		   "std::unordered_map<std::string, std::vector<int>> buckets");
	for (auto &e : table) {
		note_text(e.first, "std::string text");
		note_items(e.second, "std::vector<int> items");
	}
	note_table(seen, "std::unordered_set<int> node", "std::unordered_set<int> buckets");
	note_table(many, "std::unordered_multimap<long, std::string> node",
		   "std::unordered_multimap<long, std::string> buckets");
	for (auto &e : many)
		note_text(e.second, "std::string text");
	note_table(deep, "std::unordered_map<int, std::map<int, std::list<std::string>>> node",
		   "std::unordered_map<int, std::map<int, std::list<std::string>>> buckets");
	for (auto &e : deep) {
		note_tree(e.second, "std::map<int, std::list<std::string>> node");
		for (auto &m : e.second) {
			note_list(m.second, "std::list<std::string> node");
			for (const std::string &s : m.second)
				note_text(s, "std::string text");
		}
	}
}

// Structs that look much like containers.

struct Ring {
	Ring *next, *prev;
	long number;
};
struct Tree {
	long key;
	Tree *parent, *left, *right;
	long value;
};
struct Chain {
	Chain *next;
	long key;
};
struct Buffer {
	char *begin, *cur, *end;
};
struct Text {
	char *bytes;
	unsigned long length, room;
};
struct Three {
	long a, b, c;
};
struct Five {
	const void *a, *b, *c, *d;
	long e;
};

static Ring *rings;
static Tree *top;
static Chain *heads[16];
static Buffer buffers[6];
static Text texts[6];
static Three *threes[64];
static Five *fives[64];
static long **kept;

static void make_rings()
{
	rings = new Ring{ nullptr, nullptr, 0 };
	rings->next = rings->prev = rings;
	note(rings, "Ring");
	for (long i = 1; i < 20; i++) {
		Ring *r = new Ring{ rings, rings->prev, i };
		rings->prev->next = r;
		rings->prev = r;
		rings->number++;
		note(r, "Ring");
	}
}

static void add_tree(long key)
{
	Tree *parent = nullptr, **at = &top;
	while (*at) {
		parent = *at;
		at = key < parent->key ? &parent->left : &parent->right;
	}
	*at = new Tree{ key, parent, nullptr, nullptr, key * 2 };
	note(*at, "Tree");
}

static void make_likes()
{
	make_rings();
	for (long i = 0; i < 40; i++)
		add_tree(i * 17 % 41);
	for (long i = 0; i < 60; i++) {
		heads[i % 16] = new Chain{ heads[i % 16], i };
		note(heads[i % 16], "Chain");
	}
	for (int i = 0; i < 6; i++) {
		const int room = 24 + 8 * i;
		buffers[i].begin = new char[room]();
		buffers[i].cur = buffers[i].begin + i;
		buffers[i].end = buffers[i].begin + room;
		note(buffers[i].begin, "bytes");
		texts[i].bytes = new char[room + 1]();
		texts[i].room = room;
		texts[i].length = i;
		note(texts[i].bytes, "bytes");
	}
}

// Containers that were: their words stay on the stack and in freed memory, and what comes next has
// their blocks.
static __attribute__((noinline)) void make_stale(int i, std::vector<long> *out)
{
	std::vector<long> three{ i, i + 1, i + 2 };
	std::vector<const void *> five{ out, &three, &five, out, out };
	std::string s = text("stale", i);
	std::set<int> some{ 1, 2, i };
	out->push_back(three[1] + (long)five.size() + (long)s.size() + (long)some.size());
}

static __attribute__((noinline)) long take_over(int i)
{
	threes[i] = new Three{ i, i, i };
	fives[i] = new Five{ nullptr, nullptr, nullptr, nullptr, i };
	note(threes[i], "Three");
	note(fives[i], "Five");
	return threes[i]->a;
}

int main()
{
	std::vector<long> sums;
	std::vector<Point> local(7);
	std::string here = text("local", 1);
	std::map<int, std::string> small;
	long sum = 0;

	make_sequences();
	make_tables();
	for (int i = 0; i < 3; i++)
		small[i] = text("small", i);
	for (int i = 0; i < 60; i++) {
		make_stale(i, &sums);
		{
			std::vector<long> inner{ sum, 1, 2 };
			std::vector<Five> more(1);
			sum += inner[0] + (long)more.size();
		}
		sum += take_over(i);
	}
	{
		// a block of three words that only the stack holds, where a vector of three longs
		// lay
		std::vector<long> gone_by{ 1, 2, 3 };
		sum += gone_by[2];
	}
	kept = new long *[3];
	note(kept, "long *[]");
	make_likes();
	note_sequences();
	note_tables();
	note_items(sums, "std::vector<long> items");
	note_items(local, "std::vector<Point> items");
	note_text(here, "std::string text");
	note_tree(small, "std::map<int, std::string> node");
	for (auto &e : small)
		note_text(e.second, "std::string text");
	wait_for_the_dump();
	return sum + local[0].x + (long)here.size() == 12345;
}
