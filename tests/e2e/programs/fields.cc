// SPDX-License-Identifier: MIT
//
// An object with base classes, containers and smart pointers, for test_describe.py, which compiles
// this with each compiler and C++ library.
#include <cstdio>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unistd.h>
#include <unordered_map>
#include <vector>

namespace web
{

struct Link {
	std::string url;
	int depth;
};

struct Counted {
	virtual ~Counted() {}
	int refs = 7;
};
struct Named {
	virtual ~Named() {}
	const char *name = "page";
};

static int twice(int n)
{
	return 2 * n;
}

struct Page : Counted, Named {
	std::string url = "http://127.0.0.1/some/long/page", word = "short", empty;
	std::vector<Link *> links;
	std::vector<Link> inlined;
	std::vector<int> none;
	std::map<std::string, Link *> named;
	std::shared_ptr<Link> shared;
	std::unique_ptr<Link> best, nothing;
	std::unordered_map<int, Page *> peers;
	std::list<Page *> queue;
	std::set<int> ids;
	std::optional<int> limit = 7, unlimited;
	std::optional<Link> last = Link{ "http://127.0.0.1/in/an/optional", 9 };
	std::optional<std::string> title = "a title that is long enough", untitled;
	std::function<int(int)> callback = twice, uncalled;
	Named *peer = nullptr;
	Link &reference;
	bool done = true;
	Page(Link &link) : reference(link) {}
};

} // namespace web

using namespace web;

static Page *first, *second;

int main()
{
	Link *link = new Link{ "http://127.0.0.1/the/link/that/is/held", 3 };

	first = new Page(*link);
	second = new Page(*link);
	second->links = { link, link, link };
	second->inlined.push_back({ "http://127.0.0.1/in/the/items", 4 });
	second->named["the link of this page that has a name"] = link;
	second->named["another one, which is nowhere"] = nullptr;
	second->shared = std::make_shared<Link>(Link{ "http://127.0.0.1/is/shared/by/one", 5 });
	second->best.reset(new Link{ "x", 6 });
	second->peers[1] = first;
	second->queue.assign(5, first);
	second->ids = { 1, 2, 3 };
	second->peer = first;
	printf("%p %p %p\n", static_cast<void *>(second), static_cast<void *>(first),
	       static_cast<void *>(link));
	fflush(stdout);
	char c;
	while (read(0, &c, 1) > 0)
		;
	return first->refs == second->refs + link->depth;
}
