// SPDX-License-Identifier: MIT
// A C++ library that a C program loads (plugin_host.c): keeps objects, and has exceptions from
// operator new.
#include <cstdint>
#include <map>
#include <memory>
#include <new>
#include <string>

namespace
{
struct Page {
	virtual ~Page() = default;
	std::string url = std::string(100, 'u');
};
std::map<int, std::unique_ptr<Page>> *pages;
volatile size_t too_much = PTRDIFF_MAX / 2;
} // namespace

extern "C" __attribute__((visibility("default"))) int plugin_start(int nr)
{
	int caught = 0;

	pages = new std::map<int, std::unique_ptr<Page>>;
	for (int i = 0; i < nr; i++) {
		(*pages)[i].reset(new Page);
		try {
			delete[] new char[too_much];
		} catch (const std::bad_alloc &) {
			caught++;
		}
	}
	return caught;
}

extern "C" __attribute__((visibility("default"))) void plugin_stop()
{
	delete pages;
	pages = nullptr;
}
