#include "messages/fact_codec.hpp"

#include <simdjson.h>

#include <array>
#include <charconv>
#include <tuple>
#include <utility>

namespace carillon {

namespace {

// -- writing --------------------------------------------------------------------------------------

void put(std::string& out, std::string_view text) {
  static constexpr char hex[] = "0123456789abcdef";
  out.push_back('"');
  for (char c : text) {
    auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (u < 0x20) {
      out.append("\\u00");
      out.push_back(hex[u >> 4]);
      out.push_back(hex[u & 15]);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

template <class T>
requires std::is_integral_v<T>
void put(std::string& out, T x) {
  if constexpr (std::is_same_v<T, bool>) {
    out.append(x ? "true" : "false");
  } else {
    char text[24];
    auto [end, error] = std::to_chars(text, text + sizeof text, x);
    out.append(text, end);
  }
}

template <named_enum E>
void put(std::string& out, E x) {
  put(out, to_string(x));
}

template <class Tag>
void put(std::string& out, const strong_string<Tag>& x) {
  put(out, std::string_view{x.str()});
}

void put(std::string& out, const std::string& x) {
  put(out, std::string_view{x});
}

void put(std::string& out, const hash16& x) {
  put(out, std::string_view{to_hex(x)});
}

void put(std::string& out, timestamp x) {
  put(out, static_cast<std::int64_t>(x.time_since_epoch().count()));
}

void put(std::string& out, duration x) {
  put(out, static_cast<std::int64_t>(x.count()));
}

template <class T>
concept with_fields = requires {
  T::fields();
};

template <with_fields T>
void put(std::string& out, const T& x);

template <class T>
void put(std::string& out, const std::vector<T>& xs) {
  out.push_back('[');
  for (const auto& x : xs) {
    if (out.back() != '[')
      out.push_back(',');
    put(out, x);
  }
  out.push_back(']');
}

/// The fields that differ from a default constructed one.
template <with_fields T>
void put(std::string& out, const T& x) {
  static const T none{};
  auto start = out.size();
  auto one = [&](const auto& f) {
    if (x.*f.member == none.*f.member)
      return;
    out.push_back(out.size() == start ? '{' : ',');
    put(out, std::string_view{f.name});
    out.push_back(':');
    put(out, x.*f.member);
  };
  std::apply([&](const auto&... fs) { (one(fs), ...); }, T::fields());
  if (out.size() == start)
    out.push_back('{');
  out.push_back('}');
}

// -- reading --------------------------------------------------------------------------------------

using value = simdjson::ondemand::value;

/// Thrown within this file only, on a value of another type than its field's.
struct mismatch {};

template <class T>
requires std::is_integral_v<T> T get(value v, T) {
  if constexpr (std::is_same_v<T, bool>) {
    return v.get_bool();
  } else if constexpr (std::is_signed_v<T>) {
    return static_cast<T>(v.get_int64().value());
  } else {
    return static_cast<T>(v.get_uint64().value());
  }
}

template <named_enum E>
E get(value v, E) {
  auto x = parse_enum<E>(v.get_string().value());
  if (!x)
    throw mismatch{};
  return *x;
}

std::string get(value v, const std::string&) {
  return std::string{v.get_string().value()};
}

template <class Tag>
strong_string<Tag> get(value v, const strong_string<Tag>&) {
  return strong_string<Tag>{std::string{v.get_string().value()}};
}

hash16 get(value v, const hash16&) {
  auto x = parse_hash(v.get_string().value());
  if (!x)
    throw mismatch{};
  return *x;
}

timestamp get(value v, timestamp) {
  return timestamp{std::chrono::microseconds{v.get_int64().value()}};
}

duration get(value v, duration) {
  return duration{v.get_int64().value()};
}

template <with_fields T>
T get(value v, const T&);

template <class T>
std::vector<T> get(value v, const std::vector<T>&) {
  std::vector<T> out;
  for (auto x : v.get_array())
    out.push_back(get(x.value(), T{}));
  return out;
}

/// How each field of T is read, in the order in which `put` writes them.
template <with_fields T>
struct field_readers {
  struct reader {
    std::string_view name;
    void (*read)(value, T&);
  };

  template <std::size_t I>
  static void read(value v, T& out) {
    constexpr auto member = std::get<I>(T::fields()).member;
    out.*member = get(v, out.*member);
  }

  template <std::size_t... I>
  static constexpr auto make(std::index_sequence<I...>) {
    return std::array<reader, sizeof...(I)>{reader{std::get<I>(T::fields()).name, read<I>}...};
  }

  static constexpr auto all
      = make(std::make_index_sequence<std::tuple_size_v<decltype(T::fields())>>{});
};

/// A field is looked for behind the one before it, where it is unless somebody else wrote the fact.
template <with_fields T>
void read_object(simdjson::ondemand::object object, T& out) {
  constexpr const auto& readers = field_readers<T>::all;
  std::size_t next = 0;
  for (auto member : object) {
    auto name = member.key().value();
    for (std::size_t n = 0; n < readers.size(); ++n) {
      const auto& candidate = readers[(next + n) % readers.size()];
      if (!name.unsafe_is_equal(candidate.name))
        continue;
      candidate.read(member.value().value(), out);
      next += n + 1;
      break;
    }
  }
}

template <with_fields T>
T get(value v, const T&) {
  T out{};
  read_object(v.get_object(), out);
  return out;
}

/// One parser and one padded buffer a thread: replay decodes millions of facts.
struct decoder {
  simdjson::ondemand::parser parser;
  std::string padded;
};

template <std::size_t I = 0>
fact make_fact(std::size_t index, simdjson::ondemand::object object) {
  if constexpr (I < std::variant_size_v<fact>) {
    if (index != I)
      return make_fact<I + 1>(index, object);
    std::variant_alternative_t<I, fact> out{};
    static_assert(static_cast<std::size_t>(decltype(out)::type) == I);
    read_object(object, out);
    return out;
  } else {
    throw mismatch{};
  }
}

} // namespace

static_assert(std::variant_size_v<fact> == enum_count<fact_type>);

void encode_fact(const fact& f, std::string& out) {
  std::visit([&](const auto& x) { put(out, x); }, f);
}

std::uint16_t schema_of(const fact& f) noexcept {
  return std::visit([](const auto& x) { return x.schema; }, f);
}

std::optional<fact> decode_fact(fact_type type, std::uint16_t, std::string_view body) {
  thread_local decoder d;
  try {
    d.padded.assign(body);
    d.padded.reserve(body.size() + simdjson::SIMDJSON_PADDING);
    auto document = d.parser.iterate(d.padded.data(), body.size(), d.padded.capacity());
    return make_fact(static_cast<std::size_t>(type), document.get_object());
  } catch (const simdjson::simdjson_error&) {
    return std::nullopt;
  } catch (const mismatch&) {
    return std::nullopt;
  }
}

} // namespace carillon
