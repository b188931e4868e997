#pragma once

#include "messages/engine.hpp"
#include "messages/local.hpp"

#include "tests/support/plain_sealer.hpp"

#include <string>

namespace carillon::test {

/// Writes the facts of one recipient's inbox as a partition would: dense offsets, sealed content.
class inbox_writer {
public:
  explicit inbox_writer(std::string recipient = "p-1")
      : who_(std::move(recipient)), owner_(partition_of(tenant, who_)) {}

  inline static const tenant_id tenant{"default"};

  [[nodiscard]] const recipient_id& who() const {
    return who_;
  }
  [[nodiscard]] std::uint64_t offset() const {
    return offset_;
  }
  [[nodiscard]] know_key key() const {
    return {tenant, who_, "key"};
  }

  /// A new message. The id is of the returned fact.
  applied_fact post(const std::string& title, timestamp at = timestamp{},
                    timestamp expires = no_time) {
    auto id = make_notification_id(owner_, at, 0, ++made_);
    auto plain
        = R"({"title":")" + title
          + R"(","body":"Tap to see","actions":[{"id":"confirm"},{"id":"decline"}],"data":{"n":1}})";
    std::string_view context{reinterpret_cast<const char*>(id.bytes.data()), 16};
    in_app_posted fact{who_, ++offset_, 0, "note", priority::high, expires};
    return wrap(id, at, std::move(fact), sealer_.seal("key", plain, context));
  }

  applied_fact change(const notification_id& id, in_app_change what, std::string action = {}) {
    return wrap(id, timestamp{}, in_app_changed{who_, ++offset_, what, std::move(action)}, {});
  }

  [[nodiscard]] inbox_command command(inbox_command::verb what, notification_id id = {}) const {
    inbox_command result;
    result.tenant = tenant;
    result.recipient = who_;
    result.what = what;
    result.id = id;
    return result;
  }

  [[nodiscard]] frames_durable durable() const {
    return {tenant, who_, offset_};
  }

private:
  applied_fact wrap(notification_id id, timestamp at, fact body, std::string sealed) {
    applied_fact result;
    result.id = id;
    result.tenant = tenant;
    result.at = at;
    result.body = std::make_shared<const fact>(std::move(body));
    result.recipient = who_;
    result.on = channel::in_app;
    result.sealed = std::move(sealed);
    return result;
  }

  plain_sealer sealer_;
  recipient_id who_;
  partition_id owner_;
  std::uint64_t offset_ = 0;
  std::uint64_t made_ = 0;
};

} // namespace carillon::test
