#pragma once

#include "tests/soak/diary.hpp"
#include "tests/soak/options.hpp"
#include "tests/soak/scene.hpp"

#include <atomic>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace carillon::soak {

/// One client: does one thing at a time, chosen by dice of its own.
class client {
public:
  client(const scene& about, diary& told, std::uint64_t seed, unsigned number,
         const std::atomic<bool>& given_up);

  /// One thing, until it is answered.
  void act();

private:
  using json = nlohmann::json;

  // -- what a client does -------------------------------------------------------
  void post_event();
  void post_batch();
  void post_direct();
  void repeat_event();
  void cancel();
  void take_back();
  void move();
  void switch_sms();
  void post_nonsense();
  void look();

  // -- how ----------------------------------------------------------------------
  json new_event(const event_kind& kind);
  json data_of(const event_kind& kind);
  void tell(const json& event, std::size_t least, std::size_t most, bool later);
  void take_answer(const json& event, const json& answer, std::size_t least, std::size_t most);

  /// Repeats a request until its answer is a final one; nothing when the soak has given up.
  std::optional<harness::http_reply> insist(
      const std::function<harness::http_reply(harness::http_client&)>& send);

  unsigned below(unsigned bound) {
    return static_cast<unsigned>(dice_() % bound);
  }
  std::string fresh(std::string_view prefix);
  std::string person(crowd which);
  std::string in(std::chrono::milliseconds from_now) const;

  const scene& scene_;
  diary& told_;
  std::mt19937_64 dice_;
  std::string name_;
  unsigned last_ = 0;
  const std::atomic<bool>& given_up_;
  harness::http_client api_;
};

} // namespace carillon::soak
