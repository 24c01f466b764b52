// SPDX-License-Identifier: MIT
//
// What the sources of "modules" share.
#ifndef MODULES_H
#define MODULES_H

namespace web
{

template <typename T, int N> struct Ring {
	T *items[N];
	int at;
};

class Session;

struct Visit {
	enum class Kind { first, again } kind;
	Visit *next;
	struct Cookie {
		long id;
		Visit *visit;
	} * cookie;
};

class Log
{
      public:
	virtual ~Log();
	Visit *add(int kind);
	void note_all() const;

      private:
	Visit *visits = nullptr;
};

Session *make_session(Log *log);
void note_session(const Session *s);

} // namespace web

#endif
