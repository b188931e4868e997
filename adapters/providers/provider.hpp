#pragma once

#include "messages/engine.hpp"

#include "config/settings.hpp"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::providers {

class http_client;

/// What one kind of provider implements: a plain class, one instance for each `[[provider]]`.
/// Immutable after construction. Knows nothing of actors.
class provider {
public:
  virtual ~provider() = default;

  /// Starts one call. `done` runs exactly once, possibly on another thread and possibly after this
  /// object is gone. A message that cannot even be worded as a request is answered as failed.
  virtual void call(const provider_call& request,
                    std::function<void(call_outcome&&)> done) const = 0;

  /// Checks the signature on the raw body and reads what it says. Constant time for the signature.
  /// `tenant` of the reports is left empty: the id says whose they are.
  virtual callback_parsed read_callback(const raw_callback& request) const = 0;
};

/// What a provider gets from the daemon; all of it outlives the provider and its calls.
struct environment {
  http_client& http;
  const clock& time;
  std::string public_url; ///< base of the callback URLs; empty: none are given to providers
  duration call_timeout = std::chrono::seconds{5}; ///< where the provider's settings say nothing
};

/// One kind of provider: how its settings are checked and how it is made.
struct provider_kind {
  std::string_view name;
  channel on;
  /// Every problem in words, without credentials; empty: make() will work.
  std::vector<std::string> (*check)(const provider_settings&);
  std::unique_ptr<provider> (*make)(const provider_settings&, const environment&);
};

/// All kinds. A new provider is one line in registry.cpp.
std::span<const provider_kind> provider_kinds() noexcept;

/// The kind of that name, or null.
const provider_kind* find_provider_kind(std::string_view name) noexcept;

/// Problems of one `[[provider]]`: unknown kind, wrong channel, and what the kind itself says.
std::vector<std::string> check_provider(const provider_settings& settings);

/// Makes a provider of checked settings; null if check_provider has something to say.
std::unique_ptr<provider> make_provider(const provider_settings& settings, const environment& env);

// -- for the providers ---------------------------------------------------------

/// Which attempt a callback is about, as told by the path part behind the provider's name.
struct message_ref {
  notification_id id;
  std::uint16_t attempt = 0;
};

/// `<notification id>.<attempt>`
std::string to_string(const message_ref& ref);

/// Nothing if `text` is not of that form.
std::optional<message_ref> parse_message_ref(std::string_view text);

/// `<public url>/v1/callbacks/<provider name>/<ref>`, or empty without a public URL.
std::string callback_url(std::string_view public_url, std::string_view provider_name,
                         const message_ref& ref);

/// The public URL to build callback URLs from, or empty: callbacks are off, or the provider is
/// elsewhere and could not reach a loopback address.
std::string callback_base(const provider_settings& settings, const environment& env);

/// The value of a credential, or empty.
std::string credential(const provider_settings& settings, const std::string& name);

/// The header of that lower-case name, or empty.
std::string_view header_of(const raw_callback& request, std::string_view name) noexcept;

} // namespace carillon::providers
