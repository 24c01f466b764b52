// SPDX-License-Identifier: MIT
//
// A parser's trees in C++: expressions that own their operands by unique_ptr, statements in vectors
// of pointers, std::variant and std::optional in what is allocated, a visitor, classes of templates
// in templates, hidden friends, types that nest deeply, a base class behind another one, raw
// pointers to const and to volatile, references, pointers to members and to functions.
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "truth.h"

namespace syntax
{

struct Position {
	int line, column;
	bool operator==(const Position &other) const { return line == other.line; }
};

template <typename T> struct Maybe {
	std::optional<T> value;
	const Position *where = nullptr;
};

template <typename A, typename B> struct Either {
	template <typename C> struct Nested {
		A a;
		B b;
		C *c;
		Nested *next;
	};
};

class Scope;

// No virtual functions here, but the derived ones have a table: it comes first, the base behind it.
struct Plain {
	Position *position = nullptr;
	const Scope *scope = nullptr;
};

struct Expression : Plain {
	virtual ~Expression() = default;
	virtual long value() const = 0;
};

struct Number final : Expression {
	explicit Number(long n) : number(n) {}
	long value() const override { return number; }
	long number;
};

struct Binary : Expression {
	using Operator = long (*)(long, long);
	Binary(Operator op, std::unique_ptr<Expression> l, std::unique_ptr<Expression> r)
	    : op(op), left(std::move(l)), right(std::move(r))
	{
	}
	long value() const override { return op(left->value(), right->value()); }
	Operator op;
	std::unique_ptr<Expression> left, right;
};

struct Symbol {
	const char *name;
	volatile int *uses;
	Scope *defined_in;
	std::variant<int, double, Position *> kind;
	Position Symbol::*member = nullptr;
	Position here;
};

class Scope
{
      public:
	explicit Scope(Scope *outer) : outer(outer) {}
	Symbol *define(const char *name);
	Scope *outer;
	std::vector<Symbol *> symbols;
	Scope *first_inner = nullptr, *next = nullptr;
	Symbol &main() { return *symbols[0]; }
};

struct Reference {
	Symbol &symbol;
	Scope *const &scope;
	Reference *next;
};

Symbol *Scope::define(const char *name)
{
	auto s = std::make_unique<Symbol>();

	s->name = strdup(name);
	s->uses = new int(3);
	s->defined_in = this;
	if (symbols.size() % 2)
		s->kind = 0.5;
	else
		s->kind = new Position{ 1, 2 };
	symbols.push_back(s.get());
	return s.release();
}

struct Statement {
	enum Kind { Assign, If, While } kind;
	std::unique_ptr<Expression> expression;
	Statement **body; // ends with a null
	int nr_body;
	Maybe<Position> *maybe;
};

} // namespace syntax

using namespace syntax;

static Scope *global_scope;
static Statement *program;
static Reference *references;
static Either<int, char>::Nested<Position> *nested;
static Position *positions[200];
static int nr_positions;

static Position *position_new(int line)
{
	auto *p = new Position{ line, line % 80 };

	note(p, "syntax::Position");
	positions[nr_positions++ % 200] = p;
	return p;
}

static std::unique_ptr<Expression> parse(int depth, int seed, const Scope *scope)
{
	std::unique_ptr<Expression> e;

	if (!depth || seed % 7 == 0) {
		e = std::make_unique<Number>(seed);
		note(e.get(), "syntax::Number");
	} else {
		auto left = parse(depth - 1, seed * 3 + 1, scope);
		auto right = parse(depth - 1, seed * 5 + 2, scope);
		e.reset(new Binary([](long a, long b) { return a + b; }, std::move(left),
				   std::move(right)));
		note(e.get(), "syntax::Binary");
	}
	if (seed % 3 == 0)
		e->position = position_new(seed);
	e->scope = scope;
	return e;
}

static Statement *statement_new(int depth, int seed, const Scope *scope)
{
	auto *s = new Statement();

	note(s, "syntax::Statement");
	s->kind = static_cast<Statement::Kind>(seed % 3);
	s->expression = parse(3, seed, scope);
	s->nr_body = depth ? 3 : 0;
	if (depth) {
		s->body = new Statement *[s->nr_body + 1];
		note(s->body, "syntax::Statement *[]");
		HOLDS(s, body);
		for (int i = 0; i < s->nr_body; i++) {
			s->body[i] = statement_new(depth - 1, seed * 2 + i, scope);
			edge(s->body, s->body[i], "[*]");
		}
		s->body[s->nr_body] = nullptr;
	}
	if (seed % 4 == 0) {
		s->maybe = new Maybe<Position>;
		note(s->maybe, "syntax::Maybe<syntax::Position>");
		s->maybe->value = Position{ 3, 4 };
		s->maybe->where = position_new(seed);
		HOLDS(s, maybe);
		HOLDS(s->maybe, where);
	}
	return s;
}

static Scope *scope_new(Scope *outer, int depth)
{
	auto *scope = new Scope(outer);
	char name[40];

	note(scope, "syntax::Scope");
	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "symbol_%d_%d", depth, i);
		Symbol *s = scope->define(name);
		note(s, "syntax::Symbol");
		note(s->name, "text");
		note(s->uses, "int");
		if (auto position = std::get_if<Position *>(&s->kind))
			note(*position, "syntax::Position");
		HOLDS(s, name);
		HOLDS(s, uses);
		HOLDS(s, defined_in);
	}
	note(scope->symbols.data(), "std::vector<syntax::Symbol *> items");
	for (int i = 0; depth && i < 3; i++) {
		Scope *inner = scope_new(scope, depth - 1);
		inner->next = scope->first_inner;
		scope->first_inner = inner;
	}
	HOLDS(scope, outer);
	HOLDS(scope, first_inner);
	return scope;
}

int main()
{
	global_scope = scope_new(nullptr, 3);
	program = statement_new(3, 1, global_scope);
	for (int i = 0; i < 25; i++) {
		references =
			new Reference{ *global_scope->symbols[i % 4], global_scope, references };
		note(references, "syntax::Reference");
		HOLDS(references, next);
		edge(references, &references->symbol, ".symbol");
		nested = new Either<int, char>::Nested<Position>{ i, 'c', positions[i], nested };
		note(nested, "syntax::Either<int, char>::Nested<syntax::Position>");
		HOLDS(nested, c);
		HOLDS(nested, next);
	}
	ROOTS(global_scope);
	ROOTS(references);
	wait_for_the_dump();
	return program->expression->value() == 12345 && global_scope->main().here == *positions[0];
}
