#include "adapters/http/actor_bridge.hpp"

#include <absl/container/flat_hash_map.h>
#include <caf/actor_system.hpp>
#include <caf/make_actor.hpp>
#include <caf/monitorable_actor.hpp>
#include <spdlog/spdlog.h>

#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

namespace carillon::http {

/// An actor without a mailbox: whoever answers runs `enqueue` on its own thread. It is no scheduled
/// actor, so the actor system does not wait for it at the end.
class actor_bridge::inbox : public caf::monitorable_actor {
public:
  explicit inbox(caf::actor_config& config) : monitorable_actor(config) {
    // nop
  }

  const char* name() const override {
    return "http_bridge";
  }

  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) override {
    if (!what->mid.is_response())
      return;
    running_.fetch_add(1);
    if (auto then = take(what->mid.request_id().integer_value()))
      call(then, what->content());
    running_.fetch_sub(1);
  }

  /// Forgets everything and lets nothing new in; returns when no callback runs any more.
  void close() {
    closed_.store(true);
    for (auto& part : parts_) {
      decltype(part.waiting) forgotten;
      const std::lock_guard guard{part.mutex};
      std::swap(forgotten, part.waiting);
      closing_.push_back(std::move(forgotten));
    }
    closing_.clear();
    while (running_.load() > 0)
      std::this_thread::yield();
  }

  bool closed() const {
    return closed_.load(std::memory_order_relaxed);
  }

  std::uint64_t remember(on_answer_type then) {
    const auto id = next_.fetch_add(1, std::memory_order_relaxed);
    auto& part = parts_[id % parts_.size()];
    const auto now = std::chrono::steady_clock::now();
    std::vector<entry> forgotten; // their destructors may ask something: not under the lock
    {
      const std::lock_guard guard{part.mutex};
      if (now - part.swept > longest_wait)
        forgotten = sweep(part, now);
      part.waiting.emplace(id, entry{std::move(then), now});
    }
    return id;
  }

  std::size_t size() {
    std::size_t result = 0;
    for (auto& part : parts_) {
      const std::lock_guard guard{part.mutex};
      result += part.waiting.size();
    }
    return result;
  }

private:
  static constexpr std::chrono::seconds longest_wait{60};

  struct entry {
    on_answer_type then;
    std::chrono::steady_clock::time_point since;
  };
  struct part_type {
    std::mutex mutex;
    absl::flat_hash_map<std::uint64_t, entry> waiting;
    std::chrono::steady_clock::time_point swept = std::chrono::steady_clock::now();
  };

  static void call(const on_answer_type& then, caf::type_erased_tuple& content) {
    try {
      then(content);
    } catch (const std::exception& error) {
      // The client gets the deadline's 503; the answering actor must not pay for our mistake.
      spdlog::error("http: an answer could not be worded: {}", error.what());
    }
  }

  on_answer_type take(std::uint64_t id) {
    auto& part = parts_[id % parts_.size()];
    const std::lock_guard guard{part.mutex};
    const auto found = part.waiting.find(id);
    if (found == part.waiting.end())
      return {};
    auto result = std::move(found->second.then);
    part.waiting.erase(found);
    return result;
  }

  /// Takes out what nobody answered: the clients have long had their 503.
  static std::vector<entry> sweep(part_type& part, std::chrono::steady_clock::time_point now) {
    std::vector<entry> result;
    absl::erase_if(part.waiting, [&](auto& each) {
      if (now - each.second.since <= longest_wait)
        return false;
      result.push_back(std::move(each.second));
      return true;
    });
    part.swept = now;
    return result;
  }

  std::atomic<std::uint64_t> next_{1};
  std::atomic<int> running_{0};
  std::atomic<bool> closed_{false};
  std::array<part_type, 16> parts_;
  std::vector<decltype(part_type::waiting)> closing_;
};

actor_bridge::actor_bridge(caf::actor_system& system) {
  caf::actor_config config;
  self_ = caf::make_actor<inbox, caf::strong_actor_ptr>(system.next_actor_id(), system.node(),
                                                        &system, config);
  inbox_ = static_cast<inbox*>(caf::actor_cast<caf::abstract_actor*>(self_));
}

actor_bridge::~actor_bridge() {
  inbox_->close();
}

bool actor_bridge::closed() const {
  return inbox_->closed();
}

std::size_t actor_bridge::pending() const {
  return inbox_->size();
}

std::uint64_t actor_bridge::remember(on_answer_type on_answer) {
  return inbox_->remember(std::move(on_answer));
}

void actor_bridge::send(const caf::strong_actor_ptr& target, std::uint64_t id, caf::message what) {
  target->enqueue(self_, caf::make_message_id(id), std::move(what), nullptr);
}

} // namespace carillon::http
