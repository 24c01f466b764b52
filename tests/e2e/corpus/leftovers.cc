// SPDX-License-Identifier: MIT
//
// Vectors in std::optional and std::variant that are no more: their words stay in objects that live
// on, and plain objects of the very size have their memory, some of which nothing else refers to.
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "truth.h"

struct Three {
	long a, b, c;
};
struct Five {
	long a[5];
};
struct Holder {
	std::optional<std::vector<long>> maybe;
	std::variant<std::vector<long>, int> either;
	long number;
};

static std::vector<Holder *> holders;
static std::vector<std::unique_ptr<Three>> threes;

static void make_holders()
{
	for (long i = 0; i < 100; i++) {
		Holder *h = new Holder;
		note(h, "Holder");
		h->number = i;
		h->maybe.emplace(std::vector<long>{ i, 2, 3 });
		h->either = std::vector<long>{ i, 2, 3, 4, 5 };
		holders.push_back(h);
	}
}

static void leave_words()
{
	for (long i = 0; i < 100; i++) {
		if (i % 2) {
			holders[i]->maybe.reset();
			holders[i]->either = 7;
		}
		if (i % 4 == 1) {
			Three *lost = new Three{ i, i, i };
			note(lost, "Three");
			Five *lost_too = new Five{ { i } };
			note(lost_too, "Five");
		}
		if (i % 4 == 2) {
			threes.emplace_back(new Three{ i, 1, 1 });
			note(threes.back().get(), "Three");
		}
	}
}

static void note_vectors()
{
	for (long i = 0; i < 100; i += 2) {
		note(holders[i]->maybe->data(), "std::vector<long> items");
		note(std::get<0>(holders[i]->either).data(), "std::vector<long> items");
	}
	note(holders.data(), "std::vector<Holder *> items");
	note(threes.data(), "std::vector<std::unique_ptr<Three>> items");
}

int main()
{
	make_holders();
	leave_words();
	note_vectors();
	wait_for_the_dump();
	return holders[0]->number + threes[0]->a == 12345;
}
