// SPDX-License-Identifier: MIT
//
// Objects as C++ programs make them: with and without vtables, multiple and virtual inheritance,
// templates, a private implementation, arrays with and without destructors, unique_ptr and
// shared_ptr.
#include <memory>
#include <vector>

#include "truth.h"

namespace web {

struct Point {
	int x, y;
};

template <typename T> struct Pair {
	T first, second;
	Pair *next;
};

class Page {
public:
	Page();
	~Page();
	int size() const;

private:
	struct Impl;
	Impl *impl;
};

struct Page::Impl {
	Point corner;
	Point *corners;
	Pair<long> *pairs;
};

Page::Page() : impl(new Impl())
{
	note(impl, "web::Page::Impl");
	impl->corners = new Point[5]();
	note(impl->corners, "web::Point[]");
	impl->pairs = nullptr;
	for (long i = 0; i < 4; i++) {
		impl->pairs = new Pair<long>{ i, i + 1, impl->pairs };
		note(impl->pairs, "web::Pair<long int>");
	}
}

Page::~Page()
{
	delete[] impl->corners;
	delete impl;
}

int Page::size() const { return impl->corner.x + (int)impl->pairs->first; }

struct Shape {
	virtual ~Shape() {}
	virtual int area() const { return 0; }
	int id = 1;
};

struct Named {
	virtual ~Named() {}
	const char *name = "shape";
};

struct Circle : Shape, Named {
	int area() const override { return 3; }
	double radius = 2;
};

struct Left : virtual Shape {
	int left = 1;
};
struct Right : virtual Shape {
	int right = 2;
};
struct Diamond : Left, Right {
	int bottom = 3;
};

} // namespace web

using namespace web;

static std::vector<Page *> pages;
static Shape *shapes[12];
static std::unique_ptr<Pair<Point>> kept;

int main()
{
	for (int i = 0; i < 10; i++) {
		Page *p = new Page;
		note(p, "web::Page");
		pages.push_back(p);
	}
	note(pages.data(), "std::vector<web::Page *> items");
	for (int i = 0; i < 12; i += 3) {
		Circle *c = new Circle;
		note(c, "web::Circle");
		shapes[i] = c;
		Diamond *d = new Diamond;
		note(d, "web::Diamond");
		shapes[i + 1] = d;
		shapes[i + 2] = new Shape;
		note(shapes[i + 2], "web::Shape");
	}
	kept.reset(new Pair<Point>());
	note(kept.get(), "web::Pair<web::Point>");
	wait_for_the_dump();
	return pages[0]->size() + shapes[0]->area() == 1000;
}
