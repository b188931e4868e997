#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::simulator {

/// How the simulator dealt with one request.
enum class answer_kind : std::uint8_t {
  answered,             ///< an HTTP answer was due (see `written`)
  hung,                 ///< no answer, the connection was left open
  closed_after_accept,  ///< the message was taken, then the connection was closed without an answer
  closed_before_answer, ///< the connection was closed, the message was not taken
};

/// Whether the answer's last byte was handed to the kernel.
enum class write_state : std::uint8_t { none, pending, written, failed };

std::string_view to_string(answer_kind x) noexcept;
std::string_view to_string(write_state x) noexcept;

/// One callback the simulator tried to deliver.
struct callback_note {
  std::string status;
  int http_status = 0; ///< 0: no answer
};

/// One request to send a message.
struct message_record {
  std::uint64_t number = 0; ///< from 1, in the order of arrival
  std::string protocol;     ///< "twilio"
  std::string sid;
  std::string account;
  std::string to;
  std::string from;
  std::string messaging_service;
  std::string body;
  std::string status_callback;
  std::chrono::system_clock::time_point received_at;
  bool accepted = false; ///< the provider would deliver it: this is the effect
  answer_kind answer = answer_kind::answered;
  int http_status = 0; ///< of the answer, 0 without one
  int code = 0;        ///< the provider's error code, 0 without one
  write_state written = write_state::none;
  int rule = -1;      ///< index of the script rule that fired, -1: none
  std::string status; ///< the last status told by a callback, else the one answered
  std::vector<callback_note> callbacks;
};

/// What the record is asked for.
struct record_filter {
  std::string to;          ///< exact; empty: all
  std::uint64_t since = 0; ///< only numbers above
  std::optional<bool> accepted;
};

/// One JSON object of a record, with a line's worth of text and no line break.
std::string to_json(const message_record& m);

/// Everything that arrived, oldest first, bounded: beyond `keep` the oldest are dropped and
/// counted. Thread-safe. With a file, each message is also a line there before it is answered.
class message_log {
public:
  message_log(std::size_t keep, const std::string& file);

  /// Numbers, stores and returns the message's number.
  std::uint64_t add(message_record&& m);

  void mark_written(std::uint64_t number, bool success);
  void add_callback(std::uint64_t number, const std::string& status, int http_status);

  std::vector<message_record> list(const record_filter& filter, std::size_t limit) const;
  std::size_t count(const record_filter& filter) const;
  std::optional<message_record> find(std::uint64_t number) const;
  std::uint64_t dropped() const;

  /// Forgets all messages; numbers go on.
  void clear();

private:
  struct closer {
    void operator()(std::FILE* f) const noexcept {
      std::fclose(f);
    }
  };

  message_record* at(std::uint64_t number);

  mutable std::mutex mutex_;
  std::deque<message_record> messages_;
  std::uint64_t last_ = 0;
  std::uint64_t dropped_ = 0;
  std::size_t keep_;
  std::unique_ptr<std::FILE, closer> file_;
};

} // namespace carillon::simulator
