// SPDX-License-Identifier: MIT
//
// The other source of "modules".
#include "modules.h"

#include "truth.h"

namespace web
{

class Session
{
      public:
	explicit Session(Log *log) : log_(log) { last_->items[0] = nullptr; }
	void note_all() const
	{
		note(this, "web::Session");
		note(last_, "web::Ring<web::Log, 2>");
	}

      private:
	Log *log_;
	Ring<Log, 2> *last_ = new Ring<Log, 2>{};
};

Log::~Log() = default;

Visit *Log::add(int kind)
{
	auto *v = new Visit{ kind & 1 ? Visit::Kind::again : Visit::Kind::first, visits, nullptr };

	v->cookie = new Visit::Cookie{ kind, v };
	visits = v;
	return v;
}

void Log::note_all() const
{
	for (const Visit *v = visits; v; v = v->next) {
		note(v, "web::Visit");
		note(v->cookie, "web::Visit::Cookie");
		HOLDS(v, cookie);
		HOLDS(v, next);
	}
}

Session *make_session(Log *log)
{
	return new Session(log);
}

void note_session(const Session *s)
{
	s->note_all();
}

} // namespace web
