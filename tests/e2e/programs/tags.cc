/* SPDX-License-Identifier: MIT */
/*
 * Uses all of <heapcensus/tag.h> from C++ (programs/tags_c.c from C) and checks what it answers;
 * then prints its live references, asks for a dump and waits for a line.  Without the preload every
 * answer must be "nothing".
 */
#include <heapcensus/tag.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <unistd.h>
#include <vector>

extern "C" int tags_from_c(void);

namespace shop
{
struct Item : heapcensus::object_ref<Item> {
	long words[5] = {};
};

struct Named : heapcensus::object_ref<Named> {
	static const char *heapcensus_name() { return "a name of its own"; }
	int number = 0;
};

template <class T> struct Box : heapcensus::object_ref<Box<T>> {
	T content{};
};
} // namespace shop

static int nr_wrong;

#define CHECK(what) \
	do { \
		if (!(what)) { \
			printf("wrong: %s:%d: %s\n", __FILE__, __LINE__, #what); \
			nr_wrong++; \
		} \
	} while (0)

static void add_up(void *p, size_t size, double age, void *arg)
{
	std::vector<void *> *const seen = static_cast<std::vector<void *> *>(arg);

	CHECK(size == sizeof(shop::Item) && age >= 0 && age < 100);
	seen->push_back(p);
}

static size_t count(const char *name)
{
	std::vector<void *> seen;

	seen.reserve(100);
	const size_t nr = heapcensus_iter_all(name, [](void *, size_t, double, void *) {}, &seen);

	return nr;
}

int main()
{
	const bool here = heapcensus_is_present();
	char *const request = static_cast<char *>(malloc(100));
	char *const pool = static_cast<char *>(malloc(1000));
	std::vector<void *> seen;
	double age = -1;

	seen.reserve(100);
	errno = 77;
	CHECK(heapcensus_tag(request, "Request") == here);
	CHECK(heapcensus_label(request, "http://example/1") == here);
	CHECK(heapcensus_tag(request + 8, "Request") == 0);
	CHECK(heapcensus_get_oldest("Request", &age) == (here ? request : nullptr));
	CHECK(!here || (age >= 0 && age < 100));
	CHECK(heapcensus_get_oldest("no such", nullptr) == nullptr);

	heapcensus_scope_enter("spider:books");
	void *volatile page = malloc(200);
	{
		const heapcensus::scope inner("page 1");

		CHECK(heapcensus_tag(operator new(300), "Response") == here);
	}
	void *volatile after = malloc(201);
	heapcensus_scope_leave();
	heapcensus_scope_leave();
	void *volatile outside = malloc(202);

	for (int i = 0; i < 10; i++)
		CHECK(heapcensus_pool_alloc(pool + i * 40, 40, "Piece") == here);
	CHECK(heapcensus_pool_alloc(pool, 40, "Piece") == 0);
	CHECK(heapcensus_pool_free(pool + 40) == here);
	CHECK(heapcensus_pool_free(pool + 40) == 0);
	CHECK(heapcensus_pool_reset(pool + 200, 800) == (here ? 5 : 0));
	CHECK(count("Piece") == (here ? 4 : 0));
	CHECK(errno == 77);

	shop::Item on_stack;
	shop::Item *const on_heap = new shop::Item, *const gone = new shop::Item(*on_heap);
	std::vector<shop::Item> array(3);
	shop::Named named;
	shop::Box<std::vector<int>> *const box = new shop::Box<std::vector<int>>;

	delete gone;
	CHECK(heapcensus_iter_all("shop::Item", add_up, &seen) == (here ? 5 : 0));
	CHECK(seen.size() == (here ? 5 : 0));
	CHECK(!here || seen[0] == &on_stack);
	CHECK(count("a name of its own") == here);
	CHECK(tags_from_c() == 0);

	const int lines = heapcensus_print_live_refs(stdout, "Response", "from C", nullptr);

	CHECK(lines == (here ? 5 : 0));
	CHECK(heapcensus_dump() == here);
	printf("%d wrong\n", nr_wrong);
	fflush(stdout);
	(void)getchar();
	free(page);
	free(after);
	free(outside);
	delete box;
	return nr_wrong != 0;
}
