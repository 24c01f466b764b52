// SPDX-License-Identifier: MIT
// Containers, strings and pointers that are blocks by themselves; nodes that point into themselves.
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

template <class T> struct Holder {
	T held;
	int number;
};

struct Key {
	std::string text;
};

struct Alone {
	int number;
};

struct Single {
	int number;
};

struct Owner {
	std::shared_ptr<Key> key;
	std::unique_ptr<Alone> *alone;
	std::string *text;
	std::vector<std::string> *list;
	std::map<int, std::string> *map;
	Holder<std::string> *holder;
	Single **singles;
};

Owner *owner; // not static: nothing of it is left out
static std::map<std::string, int> names;

int main()
{
	owner = new Owner;
	owner->key = std::shared_ptr<Key>(new Key);
	owner->alone = new std::unique_ptr<Alone>(new Alone());
	owner->text = new std::string("x");
	owner->list = new std::vector<std::string>{"a"};
	owner->map = new std::map<int, std::string>{{1, "b"}};
	owner->holder = new Holder<std::string>;
	owner->singles = new Single *[1];
	owner->singles[0] = new Single();
	for (const char *name : {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"})
		names[name] = 1; // short: each text lies in its node
	std::puts("ready");
	std::fflush(stdout);
	std::getchar();
	std::printf("%zu %d\n", names.size(), owner->singles[0]->number);
}
