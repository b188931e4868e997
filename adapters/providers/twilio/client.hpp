#pragma once

#include "messages/time.hpp"

#include "adapters/providers/twilio/classify.hpp"
#include "adapters/providers/twilio/payload.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace carillon::providers {
class http_client;
class header_list;
} // namespace carillon::providers

namespace carillon::providers::twilio {

/// Sends SMS through one Twilio account. A plain class over the shared HTTP client; immutable
/// after construction, so any thread may call it.
class client {
public:
  /// Throws std::invalid_argument if the account's values cannot stand in a request.
  client(account from, http_client& http, const clock& time,
         std::chrono::milliseconds timeout = std::chrono::seconds{5});

  /// One call, one effect at most, answered within `limit` or the client's own time-out, whichever
  /// is shorter. `done` runs once, on the HTTP client's thread, maybe after this object is gone.
  void send(const sms& message, std::chrono::milliseconds limit,
            std::function<void(call_outcome&&)> done) const;

  const account& settings() const noexcept {
    return account_;
  }

private:
  account account_;
  http_client& http_;
  const clock& clock_;
  std::chrono::milliseconds timeout_;
  std::string url_;
  std::shared_ptr<const header_list> headers_;
};

} // namespace carillon::providers::twilio
