// SPDX-License-Identifier: MIT
// What cc1plus compiles in the bench: many headers, and templates to make code of.
#include <algorithm>
#include <chrono>
#include <complex>
#include <deque>
#include <functional>
#include <iostream>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

template <int N> struct Record {
	std::map<std::string, std::vector<std::optional<std::complex<double>>>> samples;
	std::unordered_map<int, std::shared_ptr<Record<N - 1>>> children;
	std::variant<int, double, std::string, std::list<std::string>> value;

	std::string print() const
	{
		std::ostringstream out;

		for (const auto &[name, values] : samples)
			out << name << ' ' << values.size() << '\n';
		for (const auto &[key, child] : children)
			out << key << ": " << child->print();
		std::visit([&](const auto &v) { out << sizeof(v); }, value);
		return out.str();
	}
};

template <> struct Record<0> {
	std::string print() const { return std::string("leaf"); }
};

static bool is_name(const std::string &text)
{
	const auto is_part = [](char c) { return c == '_' || (c >= 'a' && c <= 'z'); };

	return std::all_of(text.begin(), text.end(), is_part);
}

int main(int argc, char **argv)
{
	std::vector<std::string> words(argv, argv + argc);
	std::set<std::tuple<std::string, int>> seen;
	Record<6> record;

	std::sort(words.begin(), words.end(),
		  [](const auto &a, const auto &b) { return a.size() < b.size(); });
	for (const auto &word : words)
		if (is_name(word))
			seen.emplace(word, static_cast<int>(
						   std::accumulate(word.begin(), word.end(), 0)));
	std::cout << record.print() << seen.size() << '\n';
	return seen.empty();
}
