#pragma once

#include "messages/commands.hpp"
#include "messages/engine.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// The frames of `carillon.v1` as text: read what a client says, word what the server says.
/// docs/realtime.md has them all.
namespace carillon::realtime {

/// `{"op":"start"}` or `{"op":"resume","offset":n}`.
struct begin_op {
  bool fresh = true;
  std::uint64_t offset = 0;
};
struct pong_op {};
/// `ack read archive act read_all`; tenant and recipient are not set.
struct command_op {
  inbox_command what;
};
/// A frame that cannot be taken, in words for the client. `ref` is its op, if it has one.
struct bad_op {
  std::string detail;
  std::string ref;
};
using client_op = std::variant<begin_op, pong_op, command_op, bad_op>;

/// Reads one frame of a client.
client_op read_op(std::string_view text);

/// The op's name, as in the frame.
std::string_view name_of(inbox_command::verb what);

/// Where the stream goes on from: the offset that a client should resume with until it gets the
/// next frame. `begin` is what it asked for.
std::uint64_t stream_start(const begin_op& begin, const inbox_resumed& answer);

/// `{"op":"hello","offset":..,"unread":..,"recovered":..}`.
std::string word_hello(const begin_op& begin, const inbox_resumed& answer);

/// `{"op":"error","detail":..,"ref":..}`; `ref` is null where there is none.
std::string word_error(std::string_view detail, std::string_view ref);

inline constexpr std::string_view ping_frame = R"({"op":"ping"})";

/// The `op` of a frame worded by us; empty if it has none.
std::string_view op_of(std::string_view frame);

/// What comes before the data of an event in a text/event-stream: `id:` unless `offset` is nothing,
/// `event:`, `data:`. The event ends with `sse_end`.
std::string sse_prefix(std::optional<std::uint64_t> offset, std::string_view event);
inline constexpr std::string_view sse_end = "\n\n";
inline constexpr std::string_view sse_heartbeat = ":\n\n";

/// The offset in `Last-Event-ID`, or nothing if it is not one of ours.
std::optional<std::uint64_t> parse_offset(std::string_view text);

} // namespace carillon::realtime
