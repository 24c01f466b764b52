/* SPDX-License-Identifier: MIT */
/*
 * Names of std:: types as their users write them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "typing/container/name.h"

#define STRING "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >"

static void check(char *(*spell)(const char *name), const char *name, const char *expected)
{
	char *text = spell(name);

	if (expected) {
		assert_non_null(text);
		assert_string_equal(text, expected);
	} else {
		assert_null(text);
	}
	free(text);
}

static void test_defaults_are_left_out(void **state)
{
	(void)state;
	check(container_spell, STRING, "std::string");
	check(container_spell, "std::vector<int, std::allocator<int> >", "std::vector<int>");
	check(container_spell,
	      "std::map<int, " STRING
	      ", std::less<int>, std::allocator<std::pair<int const, " STRING " > > >",
	      "std::map<int, std::string>");
	check(container_spell,
	      "std::map<int, long, std::greater<int>, std::allocator<std::pair<int const, long> > "
	      ">",
	      "std::map<int, long, std::greater<int>>");
	check(container_spell,
	      "std::__1::unordered_set<a::B, std::__1::hash<a::B>, std::__1::equal_to<a::B>, "
	      "std::__1::allocator<a::B>>",
	      "std::unordered_set<a::B>");
	check(container_spell, "std::queue<int, std::deque<int, std::allocator<int> > >",
	      "std::queue<int>");
	check(container_spell,
	      "std::__cxx11::basic_ostringstream<wchar_t, std::char_traits<wchar_t>, "
	      "std::allocator<wchar_t> >",
	      "std::wostringstream");
}

static void test_others_stay(void **state)
{
	(void)state;
	check(container_spell, "web::Pair<long, 3ul>", "web::Pair<long, 3ul>");
	check(container_spell, "main::{lambda(int, a<b>)#1}", "main::{lambda(int, a<b>)#1}");
	check(container_spell, "a::less<b, std::allocator<int> >",
	      "a::less<b, std::allocator<int>>");
	check(container_spell, "mystd::__1::x", "mystd::__1::x");
	check(container_spell, "broken<int", "broken<int");
	check(container_spell, "operator<", "operator<");
	check(container_spell, "f(a<b)", "f(a<b)");
}

static void test_parts(void **state)
{
	(void)state;
	check(container_spell_part, "std::_Rb_tree_node<std::pair<int const, " STRING " > >",
	      "std::map<int, std::string> node");
	check(container_spell_part, "std::_Rb_tree_node<std::pair<const int, long> >",
	      "std::map<int, long> node");
	check(container_spell_part, "std::_Rb_tree_node<std::pair<int, long> >",
	      "std::set<std::pair<int, long>> node");
	check(container_spell_part, "std::__1::__tree_node<std::__1::__value_type<int, A>, void *>",
	      "std::map<int, A> node");
	check(container_spell_part, "std::__detail::_Hash_node<long, false>",
	      "std::unordered_set<long> node");
	check(container_spell_part,
	      "std::_Sp_counted_ptr_inplace<A, std::allocator<void>, (__gnu_cxx::_Lock_policy)2>",
	      "std::shared_ptr<A> control block");
	check(container_spell_part, "std::_Sp_counted_ptr<A*, (__gnu_cxx::_Lock_policy)2>",
	      "std::shared_ptr<A> control block");
	check(container_spell_part, "std::_Fwd_list_node<int>", "std::forward_list<int> node");
	check(container_spell_part, "std::vector<int>", NULL);
	check(container_spell_part, "A", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults_are_left_out),
		cmocka_unit_test(test_others_stay),
		cmocka_unit_test(test_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
