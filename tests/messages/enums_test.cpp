#include "messages/catalogue.hpp"
#include "messages/errors.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace carillon;

namespace {

template <class E>
void check_names() {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < enum_count<E>; ++i) {
    auto name = to_string(static_cast<E>(i));
    CHECK_FALSE(name.empty());
    CHECK(seen.insert(name).second);
    CHECK(parse_enum<E>(name) == static_cast<E>(i));
  }
  CHECK_FALSE(parse_enum<E>("no such name"));
}

} // namespace

TEST_CASE("every enum has a name of its own for each value, and reads it back") {
  check_names<channel>();
  check_names<category>();
  check_names<priority>();
  check_names<status>();
  check_names<strategy>();
  check_names<step_until>();
  check_names<hold_policy>();
  check_names<verdict>();
  check_names<error_class>();
  check_names<check>();
  check_names<layer>();
  check_names<reason>();
  check_names<fact_type>();
  check_names<settlement>();
  check_names<in_app_change>();
  check_names<template_state>();
  check_names<errc>();
}

TEST_CASE("an error of ours is told from any other and can be read") {
  auto e = make_error(errc::overloaded, "memory");
  CHECK(code_of(e) == errc::overloaded);
  CHECK(render(e).find("overloaded") != std::string::npos);
  CHECK(code_of(caf::error{}) == errc::none);
}

TEST_CASE("a tenant without a catalogue has an empty one with the default categories") {
  catalogue all;
  auto one = all.of(tenant_id{"nobody"});
  REQUIRE(one);
  CHECK(one->rules.empty());
  CHECK(one->global);
  CHECK_FALSE(one->categories[static_cast<std::size_t>(category::transactional)].opt_out);
  CHECK(one->categories[static_cast<std::size_t>(category::marketing)].opt_out);
  CHECK_FALSE(one->categories[static_cast<std::size_t>(category::realtime_alert)].quiet_hours);
}
