// SPDX-License-Identifier: MIT
//
// A crawler's engine in C++: middlewares by multiple and virtual inheritance, requests and
// responses in graphs of shared_ptr and unique_ptr, bases without virtual functions, a private
// implementation, templates and a class that derives from its own template (CRTP), lambdas in
// std::function, an exception that is kept, classes of functions, anonymous namespaces, enum
// classes, packed and aligned classes, pools with placement new, arrays with and without the count
// that destructors need, operator new of a class's own.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "truth.h"

namespace engine
{

enum class State : unsigned char { queued, running, done };

// Bases without virtual functions.

template <typename T> struct Linked {
	T *next = nullptr;
	T *previous = nullptr;
};

template <typename Derived> struct Counted {
	static int alive;
	int number = ++alive;
	Derived *self() { return static_cast<Derived *>(this); }
};
template <typename Derived> int Counted<Derived>::alive;

struct Url {
	char *text;
	std::uint16_t port;
	State state;
};

struct Meta {
	int depth;
	Meta *parent;
	union {
		double weight;
		void *opaque;
	};
};

class Response;

// Derives twice, and holds an object of a third class.
class Request : public Linked<Request>, public Counted<Request>
{
      public:
	Request(const char *text, Meta *meta);
	Url url;
	Meta *meta;
	std::shared_ptr<Response> response;
	std::unique_ptr<Url> redirect;
};

Request::Request(const char *text, Meta *meta_) : meta(meta_)
{
	url.text = strdup(text);
	url.port = 80;
	url.state = State::queued;
}

class Response
{
      public:
	int status = 200;
	std::weak_ptr<Response> before;
	std::shared_ptr<Response> cause;
	Request *request = nullptr;
	unsigned char *body = nullptr;
};

// ---- with virtual functions ----

struct Component {
	virtual ~Component() = default;
	virtual const char *name() const = 0;
	int order = 0;
};

struct Observer {
	virtual ~Observer() = default;
	virtual void seen(Request *) {}
	Request *last = nullptr;
};

struct Middleware : virtual Component {
	Middleware *inner = nullptr;
};

struct Retry : Middleware, Observer {
	const char *name() const override { return "retry"; }
	void seen(Request *r) override { last = r; }
	int times = 3;
};

struct Cookies : Middleware {
	struct Jar {
		char *value;
		Jar *next;
	};
	const char *name() const override { return "cookies"; }
	Jar *jar = nullptr;
};

// Has both: a diamond whose top is shared.
struct Both : Retry, Cookies {
	const char *name() const override { return "both"; }
};

template <typename Key, int N> class Cache final : public Component
{
      public:
	struct Slot {
		Key key;
		Slot *chain;
	};
	const char *name() const override { return "cache"; }
	Slot *slots[N] = {};
	void add(Key key)
	{
		Slot *s = new Slot{ key, slots[static_cast<int>(key) % N] };
		slots[static_cast<int>(key) % N] = s;
	}
};

// ---- a private implementation ----

class Engine
{
      public:
	Engine();
	~Engine();
	void add(std::function<int(int)> callback);
	int run(int value) const;
	void tell() const;

      private:
	class Impl;
	std::unique_ptr<Impl> impl;
};

class Engine::Impl
{
      public:
	std::vector<std::function<int(int)>> callbacks;
	Component **components = nullptr;
	Impl *fallback = nullptr;
	long total = 0;
};

Engine::Engine() : impl(new Impl)
{
	impl->fallback = new Impl();
}
Engine::~Engine()
{
	delete impl->fallback;
}
void Engine::add(std::function<int(int)> callback)
{
	impl->callbacks.push_back(std::move(callback));
}
int Engine::run(int value) const
{
	for (const auto &callback : impl->callbacks)
		value = callback(value);
	return value;
}
void Engine::tell() const
{
	note(impl.get(), "engine::Engine::Impl");
	note(impl->fallback, "engine::Engine::Impl");
	HOLDS(impl.get(), fallback);
	note(impl->callbacks.data(), "std::vector<std::function<int(int)>> items");
}

// ---- odd sizes, own operators ----

#pragma pack(push, 1)
struct Packed {
	char kind;
	int value;
	short rest;
};
#pragma pack(pop)

struct alignas(64) Aligned {
	float lanes[12];
	Aligned *next;
};

class Pooled
{
      public:
	static void *operator new(std::size_t size);
	static void operator delete(void *p) { free(p); }
	Pooled *next;
	int number;
};

void *Pooled::operator new(std::size_t size)
{
	void *p = malloc(size);

	if (!p)
		throw std::bad_alloc();
	return p;
}

struct Holder { // destroyed one by one: new[] keeps their number
	std::unique_ptr<Packed> packed;
	int index = 0;
};

// Objects are built in its slabs, which are blocks; they are none.
class Pool
{
      public:
	static constexpr int PER_SLAB = 32;
	struct Slab {
		Slab *before;
		std::aligned_storage_t<sizeof(Meta), alignof(Meta)> places[PER_SLAB];
	};
	Meta *make(int depth, Meta *parent)
	{
		if (!slab || used == PER_SLAB) {
			slab = new Slab{ slab, {} };
			used = 0;
		}
		Meta *m = new (&slab->places[used++]) Meta();
		m->depth = depth;
		m->parent = parent;
		return m;
	}
	void tell() const
	{
		for (Slab *s = slab; s; s = s->before) {
			note(s, "engine::Pool::Slab");
			HOLDS(s, before);
		}
	}

      private:
	Slab *slab = nullptr;
	int used = 0;
};

class Failure : public std::runtime_error
{
      public:
	Failure(const char *what, Request *request) : std::runtime_error(what), request(request) {}
	Request *request;
};

} // namespace engine

using namespace engine;

namespace
{

struct Local { // of this unit only
	Local *next;
	Request *request;
	long stamps[3];
};

Local *locals;

} // namespace

static Request *first_request, *last_request;
static std::shared_ptr<Response> newest;
static Component *components[8];
static Meta *metas;
static Pooled *pooled;
static Aligned *aligned;
Packed *packed;
Holder *holders;
Url *urls;
static Pool pool;
static std::exception_ptr failure;

static Meta *meta_new(int depth, Meta *parent)
{
	Meta *m = new Meta{ depth, parent, { 0.5 } };
	return m;
}

static Request *request_new(int number)
{
	char text[60];

	snprintf(text, sizeof(text), "http://127.0.0.1/engine/%d", number);
	if (number % 5 == 0)
		metas = meta_new(number, metas);
	auto *r = new Request(text, metas);
	if (last_request) {
		last_request->next = r;
		r->previous = last_request;
	} else {
		first_request = r;
	}
	last_request = r;
	if (number % 3 == 0) {
		r->response = std::make_shared<Response>();
		r->response->cause = newest;
		r->response->request = r;
		newest = r->response;
	} else if (number % 3 == 1) {
		r->response = std::shared_ptr<Response>(new Response);
		r->response->before = newest;
		r->response->request = r;
		note(r->response.get(), "engine::Response");
		HOLDS(r->response.get(), request);
	}
	if (number % 4 == 0) {
		r->redirect = std::make_unique<Url>();
		r->redirect->text = strdup("http://127.0.0.1/elsewhere");
	}
	return r;
}

// Its second word leads there.
static void tell_control(const std::shared_ptr<Response> &response)
{
	const void *words[2];

	memcpy(words, static_cast<const void *>(&response), sizeof(words));
	note(words[1], "std::shared_ptr<engine::Response> control block");
}

static void tell_requests()
{
	for (Request *r = first_request; r; r = r->next) {
		note(r, "engine::Request");
		note(r->url.text, "text");
		HOLDS(r, next);
		HOLDS(r, previous);
		HOLDS(r, meta);
		HOLDS(r, url.text);
		if (r->response)
			tell_control(r->response);
		if (r->redirect) {
			note(r->redirect.get(), "engine::Url");
			note(r->redirect->text, "text");
			HOLDS(r->redirect.get(), text);
		}
	}
	for (Meta *m = metas; m; m = m->parent) {
		note(m, "engine::Meta");
		HOLDS(m, parent);
	}
	ROOTS(first_request);
	ROOTS(metas);
}

static void make_components(Request *request)
{
	auto *retry = new Retry;
	auto *cookies = new Cookies;
	auto *both = new Both;
	auto *cache = new Cache<int, 8>;

	retry->seen(request);
	both->Retry::inner = cookies;
	note(retry, "engine::Retry");
	note(cookies, "engine::Cookies");
	note(both, "engine::Both");
	note(cache, "engine::Cache<int, 8>");
	for (int i = 0; i < 12; i++) {
		cookies->jar = new Cookies::Jar{ strdup("a cookie of the engine"), cookies->jar };
		note(cookies->jar, "engine::Cookies::Jar");
		note(cookies->jar->value, "text");
	}
	for (int i = 0; i < 40; i++)
		cache->add(i * 3);
	for (auto *slot : cache->slots) {
		for (; slot; slot = slot->chain) {
			note(slot, "engine::Cache<int, 8>::Slot");
			HOLDS(slot, chain);
		}
	}
	components[0] = retry;
	components[1] = cookies;
	components[2] = both;
	components[3] = cache;
}

static void make_odd_ones()
{
	for (int i = 0; i < 24; i++) {
		auto *p = new Pooled;
		p->next = pooled;
		p->number = i;
		pooled = p;
		note(p, "engine::Pooled");
		auto *a = new Aligned();
		a->next = aligned;
		aligned = a;
		note(a, "engine::Aligned");
		HOLDS(a, next);
	}
	packed = new Packed[17];
	memset(packed, 1, 17 * sizeof(Packed));
	note(packed, "engine::Packed[]");
	holders = new Holder[9];
	note(reinterpret_cast<std::size_t *>(holders) - 1, "engine::Holder[]");
	for (int i = 0; i < 9; i++) {
		holders[i].packed.reset(new Packed{ 'h', i, 0 });
		note(holders[i].packed.get(), "engine::Packed");
	}
	urls = new Url[11]();
	note(urls, "engine::Url[]");
	for (int i = 0; i < 11; i++) {
		urls[i].text = strdup("http://127.0.0.1/among/others");
		note(urls[i].text, "text");
		edge(urls, urls[i].text, "[*].text");
	}
}

static Component *component_of_function(Request *request)
{
	struct Counting : Component { // of this function only
		explicit Counting(Request *r) : request(r) {}
		const char *name() const override { return "counting"; }
		Request *request;
	};
	struct Step {
		Step *next;
		Request *request;
		int times;
	};
	static Step *steps;

	for (int i = 0; i < 15; i++) {
		steps = new Step{ steps, request, i };
		note(steps, "Step");
	}
	auto *c = new Counting(request);
	note(c, "component_of_function(engine::Request*)::Counting");
	return c;
}

static void make_locals(Request *request)
{
	for (int i = 0; i < 30; i++) {
		auto *l = new Local();
		l->next = locals;
		l->request = request;
		locals = l;
		note(l, "(anonymous namespace)::Local");
		HOLDS(l, next);
		HOLDS(l, request);
	}
}

static void fail(Request *request)
{
	try {
		throw Failure("the engine has failed", request);
	} catch (...) {
		failure = std::current_exception();
	}
}

int main()
{
	Engine engine;
	Meta *in_pool = nullptr;

	for (int i = 0; i < 150; i++)
		request_new(i);
	make_components(first_request);
	make_odd_ones();
	components[4] = component_of_function(last_request);
	make_locals(last_request);
	for (int i = 0; i < 100; i++)
		in_pool = pool.make(i, in_pool);
	fail(first_request);
	for (long i = 0; i < 10; i++) {
		Request *r = first_request;
		engine.add([i, r, padding = i * 3](int value) {
			return value + int(i + padding) + (r != nullptr);
		});
	}
	tell_requests();
	pool.tell();
	engine.tell();
	wait_for_the_dump();
	return engine.run(3) + in_pool->depth + packed[engine.run(2) % 17].value == 1;
}
