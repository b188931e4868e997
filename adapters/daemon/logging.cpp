#include "adapters/daemon/logging.hpp"

#include "messages/time.hpp"

#include <fmt/format.h>
#include <spdlog/formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace carillon::daemon {
namespace {

void append_escaped(spdlog::memory_buf_t& to, std::string_view text) {
  for (char c : text) {
    if (c == '"' || c == '\\') {
      to.push_back('\\');
      to.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(to), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      to.push_back(c);
    }
  }
}

/// One JSON object a line, for log collectors.
class json_formatter final : public spdlog::formatter {
public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& to) override {
    auto level = spdlog::level::to_string_view(message.level);
    auto at = std::chrono::time_point_cast<std::chrono::microseconds>(message.time);
    fmt::format_to(std::back_inserter(to), R"({{"time":"{}","level":"{}","thread":{},"message":")",
                   to_rfc3339(at), std::string_view{level.data(), level.size()}, message.thread_id);
    append_escaped(to, {message.payload.data(), message.payload.size()});
    fmt::format_to(std::back_inserter(to), "\"}}\n");
  }
  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<json_formatter>();
  }
};

spdlog::level::level_enum level_of(log_level level) {
  switch (level) {
  case log_level::trace:
    return spdlog::level::trace;
  case log_level::debug:
    return spdlog::level::debug;
  case log_level::info:
    return spdlog::level::info;
  case log_level::warn:
    return spdlog::level::warn;
  case log_level::error:
    return spdlog::level::err;
  }
  return spdlog::level::info;
}

} // namespace

void start_logging(const log_settings& how) {
  auto logger = std::make_shared<spdlog::logger>("carillond",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  if (how.format == log_format::json)
    logger->set_formatter(std::make_unique<json_formatter>());
  else
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %-5l %v", spdlog::pattern_time_type::utc);
  logger->set_level(level_of(how.level));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

} // namespace carillon::daemon
