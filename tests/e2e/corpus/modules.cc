// SPDX-License-Identifier: MIT
//
// A C++ program of two sources: a class that one declares and the other defines, nested types, a
// template that both instantiate, functions of the other that link-time optimization inlines here.
#include "modules.h"

#include "truth.h"

web::Session *volatile session;
web::Ring<web::Visit, 3> *volatile ring;

int main()
{
	web::Log *log = new web::Log;

	note(log, "web::Log");
	for (int i = 0; i < 30; i++)
		log->add(i);
	log->note_all();
	ring = new web::Ring<web::Visit, 3>{};
	for (auto &item : ring->items)
		item = log->add(1);
	note(ring, "web::Ring<web::Visit, 3>");
	for (auto *item : ring->items) {
		note(item, "web::Visit");
		note(item->cookie, "web::Visit::Cookie");
	}
	session = web::make_session(log);
	web::note_session(session);
	root(session, "session");
	wait_for_the_dump();
	delete log;
	return 0;
}
