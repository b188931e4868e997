#pragma once

#include "messages/commands.hpp"
#include "messages/engine.hpp"
#include "messages/errors.hpp"

#include <caf/error.hpp>
#include <caf/meta/load_callback.hpp>
#include <caf/meta/type_name.hpp>

#include <cstdint>
#include <string>
#include <tuple>

/// The wire form of the messages that cross nodes; the only file that knows CAF's inspector. Each
/// message starts with its schema number: a node that reads a number it does not know refuses the
/// message instead of guessing.
namespace carillon {

/// What is sent of a message: its name, its schema number, its fields in order.
template <class M>
struct wire;

template <>
struct wire<notification_command> {
  static constexpr const char* name = "notification_command";
  static constexpr std::uint16_t schema = 1;
  static auto fields(notification_command& m) {
    return std::tie(m.tenant, m.id, m.what, m.note);
  }
};
template <>
struct wire<provider_report> {
  static constexpr const char* name = "provider_report";
  static constexpr std::uint16_t schema = 1;
  static auto fields(provider_report& m) {
    return std::tie(m.tenant, m.id, m.attempt, m.what, m.error, m.error_code,
                    m.provider_message_id);
  }
};
template <>
struct wire<claim_request> {
  static constexpr const char* name = "claim_request";
  static constexpr std::uint16_t schema = 1;
  static auto fields(claim_request& m) {
    return std::tie(m.tenant, m.route, m.key, m.body);
  }
};
template <>
struct wire<claim_answer> {
  static constexpr const char* name = "claim_answer";
  static constexpr std::uint16_t schema = 1;
  static auto fields(claim_answer& m) {
    return std::tie(m.what, m.http_status, m.body);
  }
};
template <>
struct wire<complete_request> {
  static constexpr const char* name = "complete_request";
  static constexpr std::uint16_t schema = 1;
  static auto fields(complete_request& m) {
    return std::tie(m.tenant, m.route, m.key, m.http_status, m.body);
  }
};
template <>
struct wire<inbox_command> {
  static constexpr const char* name = "inbox_command";
  static constexpr std::uint16_t schema = 1;
  static auto fields(inbox_command& m) {
    return std::tie(m.tenant, m.recipient, m.what, m.id, m.action, m.state, m.query, m.limit,
                    m.before_offset);
  }
};
template <>
struct wire<resume_inbox> {
  static constexpr const char* name = "resume_inbox";
  static constexpr std::uint16_t schema = 1;
  static auto fields(resume_inbox& m) {
    return std::tie(m.tenant, m.recipient, m.offset, m.fresh);
  }
};
template <>
struct wire<watch_inbox> {
  static constexpr const char* name = "watch_inbox";
  static constexpr std::uint16_t schema = 1;
  static auto fields(watch_inbox& m) {
    return std::tie(m.tenant, m.recipient, m.watching);
  }
};
template <>
struct wire<drain> {
  static constexpr const char* name = "drain";
  static constexpr std::uint16_t schema = 1;
  static auto fields(drain&) {
    return std::tuple<>{};
  }
};

template <class M>
concept wire_message = requires(M& m) {
  wire<M>::schema;
  wire<M>::fields(m);
};

template <class Inspector, class Tag>
typename Inspector::result_type inspect(Inspector& f, strong_string<Tag>& x) {
  auto text = x.str();
  auto loaded = [&]() -> caf::error {
    x = strong_string<Tag>{std::move(text)};
    return {};
  };
  return f(text, caf::meta::load_callback(loaded));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, notification_id& x) {
  return f(x.bytes);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, hash16& x) {
  return f(x.bytes);
}

template <class Inspector, wire_message M>
typename Inspector::result_type inspect(Inspector& f, M& m) {
  auto schema = wire<M>::schema;
  auto loaded = [&]() -> caf::error {
    if (schema == wire<M>::schema)
      return {};
    return make_error(errc::rejected_row, std::string{wire<M>::name} + " of an unknown schema");
  };
  return std::apply(
      [&](auto&... xs) {
        return f(caf::meta::type_name(wire<M>::name), schema, caf::meta::load_callback(loaded),
                 xs...);
      },
      wire<M>::fields(m));
}

} // namespace carillon
