// SPDX-License-Identifier: MIT
//
// C++ objects of every sort, and the truth about them on standard output, for test_classes.py:
//
//     block ADDRESS SIZE SITE      every live block of operator new, with the address its caller
//     returns to;
//                                  or several addresses, innermost first
//     object ADDRESS NAME          the polymorphic ones, by name
//     arrayof ADDRESS NAME         blocks that hold several
//     local NAME ADDRESS           a variable on the stack that points at an object
//     ready
//
// then waits for the end of standard input.  Built with and without RTTI, and with a static C++
// library.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <unistd.h>
#include <unordered_map>
#include <vector>

namespace {

struct Block {
	void *p;
	size_t size;
	void *site;
};

Block blocks[4096];
size_t nr_blocks;

void *record(size_t size, void *site)
{
	void *p = malloc(size);

	if (!p || nr_blocks == sizeof(blocks) / sizeof(blocks[0]))
		abort();
	blocks[nr_blocks++] = { p, size, site };
	return p;
}

void forget(void *p)
{
	for (size_t i = 0; i < nr_blocks; i++) {
		if (blocks[i].p == p) {
			blocks[i] = blocks[--nr_blocks];
			break;
		}
	}
	free(p);
}

} // namespace

void *operator new(size_t size) { return record(size, __builtin_return_address(0)); }
void *operator new[](size_t size) { return record(size, __builtin_return_address(0)); }
void operator delete(void *p) noexcept { forget(p); }
void operator delete[](void *p) noexcept { forget(p); }
void operator delete(void *p, size_t) noexcept { forget(p); }
void operator delete[](void *p, size_t) noexcept { forget(p); }

struct Shape {
	explicit Shape(int id) : id(id) {}
	virtual ~Shape() = default;
	virtual int area() const { return id; }
	int id;
};

struct Circle final : Shape {
	using Shape::Shape;
	int area() const override { return 3 * id; }
	double radius = 1;
};

namespace web {

struct Sink {
	virtual ~Sink() = default;
	virtual void put(int) {}
	void *next = nullptr;
};

// Two bases: a second vtable in the middle of the object.
struct Page : Shape, Sink {
	using Shape::Shape;
	void put(int value) override { id = value; }
	char title[24] = "a page";
};

// Virtual bases: offsets before the usual words of the vtable.
struct Left : virtual Shape {
	Left() : Shape(1) {}
	long left = 1;
};
struct Right : virtual Shape {
	Right() : Shape(2) {}
	long right = 2;
};
struct Diamond : Left, Right {
	Diamond() : Shape(3) {}
	int area() const override { return 7; }
};

} // namespace web

namespace {
struct Hidden : Shape {
	using Shape::Shape;
	int area() const override { return 9; }
	int64_t more = 5;
};
} // namespace

template <typename T> struct Box : Shape {
	Box() : Shape(4) {}
	int area() const override { return sizeof(T); }
	T value{};
};

// What must not be taken for an object of a class.
struct Operations {
	void (*start)(int);
	void (*stop)(int);
};
static void start(int) {}
static void stop(int) {}
extern const Operations operations;
const Operations operations = { start, stop };
struct Device {
	const Operations *operations;
	long number;
};
struct Plain {
	long numbers[4];
	const void *pointer;
};
struct Holder {
	Circle circle;
	long numbers[6];
};

template <typename T> static T *known(T *p, const char *name)
{
	printf("object %p %s\n", static_cast<void *>(p), name);
	return p;
}

struct Everything {
	std::vector<std::unique_ptr<Shape>> shapes;
	std::vector<std::unique_ptr<web::Sink>> sinks;
	std::vector<Circle> circles;
	std::vector<std::string> strings;
	std::map<std::string, int> numbers;
	std::unordered_map<int, std::string> names;
	std::vector<Plain *> plains;
	std::vector<Device *> devices;
	Holder *holder = nullptr;
	Circle **table = nullptr;
};

static void make_shapes(Everything *all)
{
	for (int i = 0; i < 20; i++) {
		all->shapes.emplace_back(known(new Shape(i), "Shape"));
		all->shapes.emplace_back(known(new Circle(i), "Circle"));
		all->shapes.emplace_back(known(new web::Page(i), "web::Page"));
		all->shapes.emplace_back(known(new Hidden(i), "(anonymous namespace)::Hidden"));
	}
	struct Local : Shape {
		using Shape::Shape;
		int area() const override { return 11; }
		void *pointer = nullptr;
	};
	all->shapes.emplace_back(known(new Local(1), "make_shapes(Everything*)::Local"));
	all->shapes.emplace_back(known(new Box<int>, "Box<int>"));
	all->shapes.emplace_back(known(new Box<std::vector<long>>, "Box<std::vector<long>>"));
	all->shapes.emplace_back(known(new Box<std::string>, "Box<std::string>"));
	for (int i = 0; i < 3; i++)
		all->sinks.emplace_back(known(new web::Sink, "web::Sink"));
}

// The compiler may not assume who points where.
web::Diamond *diamonds[3];
Shape *first_shape;
void *table;

static void make_others(Everything *all)
{
	for (auto &diamond : diamonds)
		diamond = known(new web::Diamond, "web::Diamond");
	first_shape = all->shapes[0].get();
	for (int i = 0; i < 5; i++)
		all->circles.emplace_back(i);
	printf("arrayof %p Circle\n", static_cast<void *>(all->circles.data()));
	for (int i = 0; i < 40; i++) {
		all->strings.push_back("a string that does not fit inside " + std::to_string(i));
		all->numbers["another key that has its own block " + std::to_string(i)] = i;
		all->names[i] = "third";
		all->plains.push_back(new Plain{ { i, 2, 3, 4 }, &all->plains });
		all->devices.push_back(new Device{ &operations, i });
	}
	all->holder = new Holder{ Circle(1), {} };
	all->table = new Circle *[16];
	for (int i = 0; i < 16; i++)
		all->table[i] = static_cast<Circle *>(all->shapes[1].get());
}

// A wrapper as C programs have it, and who uses it.
extern "C" __attribute__((noinline)) void *demo_malloc(size_t size) { return malloc(size); }

__attribute__((noinline)) static void *load_table()
{
	void *table = demo_malloc(24);

	printf("block %p 24 %p,%p\n", table,
	       reinterpret_cast<void *>(reinterpret_cast<char *>(&demo_malloc) + 4),
	       reinterpret_cast<void *>(reinterpret_cast<char *>(&load_table) + 4));
	return table;
}

__attribute__((noinline)) static void wait_for_reader()
{
	char c;

	fflush(stdout);
	while (read(0, &c, 1) > 0)
		;
}

__attribute__((noinline)) static int hold_on_stack(Everything *all)
{
	Shape *volatile held = all->shapes[4].get();

	printf("local hold_on_stack %p\n", static_cast<void *>(held));
	for (size_t i = 0; i < nr_blocks; i++)
		printf("block %p %zu %p\n", blocks[i].p, blocks[i].size, blocks[i].site);
	puts("ready");
	wait_for_reader();
	return held->area();
}

int main()
{
	auto *all = new Everything;

	setvbuf(stdout, nullptr, _IOFBF, 1 << 20);
	make_shapes(all);
	make_others(all);
	table = load_table();
	hold_on_stack(all);
	delete all;
	free(table);
	return 0;
}
