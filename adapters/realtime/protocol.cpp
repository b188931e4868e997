#include "adapters/realtime/protocol.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <initializer_list>

namespace carillon::realtime {

namespace {

using nlohmann::json;
using verb = inbox_command::verb;

std::string json_text(std::string_view text) {
  return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

/// The first member that the op does not have, or nothing.
std::optional<std::string> stranger(const json& frame,
                                    std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : frame.items())
    if (name != "op" && std::find(known.begin(), known.end(), name) == known.end())
      return name;
  return std::nullopt;
}

client_op refuse_stranger(const std::string& name, std::string_view op) {
  return bad_op{fmt::format("Unknown member {}.", json_text(name)), std::string{op}};
}

client_op read_begin(const json& frame, const std::string& op) {
  if (op == "start") {
    if (auto name = stranger(frame, {}))
      return refuse_stranger(*name, op);
    return begin_op{};
  }
  if (auto name = stranger(frame, {"offset"}))
    return refuse_stranger(*name, op);
  auto offset = frame.find("offset");
  if (offset == frame.end() || !offset->is_number_unsigned())
    return bad_op{"offset must be an integer from 0.", op};
  return begin_op{false, offset->get<std::uint64_t>()};
}

client_op read_command(const json& frame, const std::string& op, verb what) {
  auto unknown = what == verb::act        ? stranger(frame, {"id", "action"})
                 : what == verb::read_all ? stranger(frame, {})
                                          : stranger(frame, {"id"});
  if (unknown)
    return refuse_stranger(*unknown, op);
  command_op result;
  result.what.what = what;
  if (what == verb::read_all)
    return result;
  auto id = frame.find("id");
  auto parsed = id != frame.end() && id->is_string()
                    ? parse_notification_id(id->get_ref<const std::string&>())
                    : std::nullopt;
  if (!parsed)
    return bad_op{"id must be a notification's id.", op};
  result.what.id = *parsed;
  if (what != verb::act)
    return result;
  auto action = frame.find("action");
  if (action == frame.end() || !action->is_string()
      || action->get_ref<const std::string&>().empty())
    return bad_op{"action must be one of the message's actions.", op};
  result.what.action = action->get<std::string>();
  return result;
}

} // namespace

client_op read_op(std::string_view text) {
  auto frame = json::parse(text, nullptr, false);
  if (frame.is_discarded())
    return bad_op{"Not JSON.", {}};
  auto member = frame.is_object() ? frame.find("op") : frame.end();
  if (!frame.is_object() || member == frame.end() || !member->is_string())
    return bad_op{"A frame is an object with an op.", {}};
  const auto& op = member->get_ref<const std::string&>();
  if (op == "start" || op == "resume")
    return read_begin(frame, op);
  if (op == "pong") {
    if (auto name = stranger(frame, {}))
      return refuse_stranger(*name, op);
    return pong_op{};
  }
  for (auto what : {verb::ack, verb::read, verb::archive, verb::act, verb::read_all})
    if (op == name_of(what))
      return read_command(frame, op, what);
  return bad_op{"Unknown op.", op.size() <= 32 ? op : std::string{}};
}

std::string_view name_of(verb what) {
  switch (what) {
  case verb::list:
    return "list";
  case verb::ack:
    return "ack";
  case verb::read:
    return "read";
  case verb::archive:
    return "archive";
  case verb::act:
    return "act";
  case verb::read_all:
    return "read_all";
  }
  return "";
}

std::uint64_t stream_start(const begin_op& begin, const inbox_resumed& answer) {
  if (!begin.fresh && answer.recovered)
    return begin.offset;
  // Not the newest offset while older frames follow: a client that breaks off between them asks
  // again from here.
  return answer.frames.empty() ? answer.offset : answer.frames.front()->offset - 1;
}

std::string word_hello(const begin_op& begin, const inbox_resumed& answer) {
  return fmt::format(R"({{"op":"hello","offset":{},"unread":{},"recovered":{}}})",
                     stream_start(begin, answer), answer.unread, answer.recovered);
}

std::string word_error(std::string_view detail, std::string_view ref) {
  return fmt::format(R"({{"op":"error","detail":{},"ref":{}}})", json_text(detail),
                     ref.empty() ? "null" : json_text(ref));
}

std::string_view op_of(std::string_view frame) {
  constexpr std::string_view head = R"({"op":")";
  if (!frame.starts_with(head))
    return {};
  frame.remove_prefix(head.size());
  return frame.substr(0, frame.find('"'));
}

std::string sse_prefix(std::optional<std::uint64_t> offset, std::string_view event) {
  if (offset)
    return fmt::format("id: {}\nevent: {}\ndata: ", *offset, event);
  return fmt::format("event: {}\ndata: ", event);
}

std::optional<std::uint64_t> parse_offset(std::string_view text) {
  std::uint64_t offset = 0;
  auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), offset);
  if (text.empty() || ec != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return offset;
}

} // namespace carillon::realtime
