// SPDX-License-Identifier: MIT
// throws: asks operator new for more than there is, a thousand times in each form, with a
// new_handler for some; goes on each time. Prints what it counted.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

namespace
{
constexpr int TIMES = 1000;
volatile size_t too_much = PTRDIFF_MAX / 2;
thread_local int handler_calls;

// Gives up at the third call of a request: first by taking itself away.
void new_handler()
{
	if (++handler_calls % 3 == 0)
		throw std::bad_alloc();
}

struct alignas(64) Aligned {
	char bytes[128];
};

// A constructor that throws: the memory goes back by the delete that matches.
struct Fragile {
	std::string name = std::string(100, 'x');
	Fragile() { throw 42; }
};

int count_bad_alloc()
{
	int caught = 0;

	for (int i = 0; i < TIMES; i++) {
		try {
			std::vector<char> v(too_much);
			std::printf("%zu bytes at %p\n", v.size(), static_cast<void *>(v.data()));
		} catch (const std::bad_alloc &) {
			caught++;
		}
		try {
			std::unique_ptr<Aligned[]> a(new Aligned[too_much / sizeof(Aligned)]);
		} catch (const std::bad_alloc &) {
			caught++;
		}
		caught += !static_cast<bool>(
			std::unique_ptr<char[]>(new (std::nothrow) char[too_much]));
		std::unique_ptr<std::string> alive(new std::string(200, 'y'));
	}
	return caught;
}

int count_fragile()
{
	int caught = 0;

	for (int i = 0; i < TIMES; i++) {
		try {
			std::unique_ptr<Fragile> f(new Fragile);
		} catch (int) {
			caught++;
		}
	}
	return caught;
}

void run(int *bad_alloc, int *fragile)
{
	*bad_alloc = count_bad_alloc();
	*fragile = count_fragile();
}
} // namespace

int main()
{
	int counts[4][2] = {};
	std::vector<std::thread> threads;

	run(&counts[0][0], &counts[0][1]);
	std::printf("bad_alloc %d, fragile %d\n", counts[0][0], counts[0][1]);
	std::set_new_handler(new_handler);
	for (auto &c : counts)
		threads.emplace_back(run, &c[0], &c[1]);
	for (auto &t : threads)
		t.join();
	for (auto &c : counts)
		std::printf("with a handler: bad_alloc %d, fragile %d\n", c[0], c[1]);
	return 5;
}
