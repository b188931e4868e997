#include "messages/fact_codec.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <rapidcheck.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

using namespace carillon;

namespace {

/// Gives every field a value that is not its default, the same in every run.
struct filler {
  int n = 0;

  void fill(std::string& x) {
    x = "text " + std::to_string(++n) + " \"ü\\\n\x01";
  }
  template <class Tag>
  void fill(strong_string<Tag>& x) {
    x = strong_string<Tag>{"id-" + std::to_string(++n)};
  }
  void fill(hash16& x) {
    x = make_hash("hash", std::to_string(++n));
  }
  void fill(timestamp& x) {
    x = timestamp{std::chrono::microseconds{1'795'424'400'123'000 + ++n}};
  }
  void fill(duration& x) {
    x = std::chrono::seconds{40 + ++n};
  }
  void fill(bool& x) {
    x = !x;
  }
  template <class T>
  requires std::is_integral_v<T>
  void fill(T& x) {
    x = static_cast<T>(100 + ++n);
  }
  template <named_enum E>
  void fill(E& x) {
    x = static_cast<E>(static_cast<std::size_t>(x) == 1 ? 2
                                                        : 1); // values are only added at the end
  }
  template <class T>
  void fill(std::vector<T>& x) {
    x.resize(2);
    for (auto& item : x)
      fill(item);
  }
  template <class T>
  requires requires {
    T::fields();
  }
  void fill(T& x) {
    std::apply([&](const auto&... fs) { (fill(x.*fs.member), ...); }, T::fields());
  }
};

template <std::size_t I = 0>
void all_facts(std::vector<fact>& out) {
  if constexpr (I < std::variant_size_v<fact>) {
    std::variant_alternative_t<I, fact> f;
    filler{}.fill(f);
    out.emplace_back(std::move(f));
    all_facts<I + 1>(out);
  }
}

std::vector<fact> full_facts() {
  std::vector<fact> out;
  all_facts(out);
  return out;
}

std::string encoded(const fact& f) {
  std::string out;
  encode_fact(f, out);
  return out;
}

std::string golden_path(fact_type type) {
  return "tests/messages/golden/" + std::string{to_string(type)} + ".json";
}

/// Every form that was ever written, oldest first.
std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream in{path};
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);)
    out.push_back(line);
  return out;
}

} // namespace

TEST_CASE("the stored form of every fact is the newest in its golden file") {
  // To add a fact or a field: CARILLON_UPDATE_GOLDEN=1 adds the new forms; a line that changed or
  // went, in review, is a break.
  auto update = std::getenv("CARILLON_UPDATE_GOLDEN") != nullptr;
  for (const auto& f : full_facts()) {
    auto path = golden_path(type_of(f));
    INFO(path);
    auto forms = lines_of(path);
    if (update && (forms.empty() || forms.back() != encoded(f))) {
      std::ofstream{path, std::ios::app} << encoded(f) << '\n';
      forms = lines_of(path);
    }
    REQUIRE_FALSE(forms.empty());
    CHECK(encoded(f) == forms.back());
  }
}

TEST_CASE("every form that old journals hold is read, and the newest as it was written") {
  for (const auto& f : full_facts()) {
    auto forms = lines_of(golden_path(type_of(f)));
    REQUIRE_FALSE(forms.empty());
    for (const auto& form : forms) {
      INFO(form);
      auto read = decode_fact(type_of(f), schema_of(f), form);
      REQUIRE(read);
      CHECK(type_of(*read) == type_of(f));
      CHECK(encoded(*read) == form);
    }
  }
}

TEST_CASE("the stored form is JSON, and defaults take no room") {
  for (const auto& f : full_facts())
    CHECK(nlohmann::json::accept(encoded(f)));
  CHECK(encoded(fact{attempt_started{}}) == "{}");
  CHECK(encoded(fact{cancelled{}}) == "{}");
}

TEST_CASE("an absent field reads as its default and an unknown one is passed over") {
  auto f = decode_fact(fact_type::attempt_failed, 1,
                       R"({"new":{"a":[1,{"b":2}]},"number":3,"later":null})");
  REQUIRE(f);
  CHECK(std::get<attempt_failed>(*f).number == 3);
  CHECK(std::get<attempt_failed>(*f).error == error_class::unknown);
  auto empty = decode_fact(fact_type::notification_planned, 1, "{}");
  REQUIRE(empty);
  CHECK(std::get<notification_planned>(*empty).send_at == no_time);
}

TEST_CASE("what is not the stored form of the fact is refused") {
  CHECK_FALSE(decode_fact(fact_type::cancelled, 1, ""));
  CHECK_FALSE(decode_fact(fact_type::cancelled, 1, "[]"));
  CHECK_FALSE(decode_fact(fact_type::cancelled, 1, R"({"reason":"no such reason"})"));
  CHECK_FALSE(decode_fact(fact_type::attempt_started, 1, R"({"number":"x"})"));
  CHECK_FALSE(decode_fact(fact_type::cancelled, 1, R"({"reason":)"));
}

TEST_CASE("any text survives the journal") {
  auto ok = rc::check([] {
    // ASCII with all its control characters; that the rest is UTF-8 is checked at the edge.
    auto text = *rc::gen::container<std::string>(rc::gen::inRange<char>('\0', '\x7f'));
    discarded f;
    f.note = text;
    auto read = decode_fact(fact_type::discarded, 1, encoded(fact{f}));
    RC_ASSERT(read);
    RC_ASSERT(std::get<discarded>(*read).note == text);
  });
  CHECK(ok);
}

TEST_CASE("the families are told apart: ledger facts are not dropped by time") {
  CHECK(family_of(fact_type::request_answered) == fact_family::journal);
  CHECK(family_of(fact_type::recipient_changed) == fact_family::ledger);
  CHECK(family_of(fact_type::consent_recorded) == fact_family::ledger);
}
