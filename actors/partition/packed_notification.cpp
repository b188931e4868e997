#include "actors/partition/packed_notification.hpp"

#include <array>
#include <cstring>
#include <string_view>
#include <vector>

namespace carillon {

namespace {

/// One order of fields for both ways: `archive(x)` writes x, or reads into it. What is shared comes
/// first, so that it can be let go without reading the rest.
template <class Archive, class Entry>
void each_shared(Archive& a, Entry& e) {
  a.plan(e.state.plan);
  a.shared(e.state.source);
  a.number(e.state.attempts.size(), [&](auto n) { e.state.attempts.resize(n); });
  for (auto& x : e.state.attempts)
    a.shared(x.provider);
}

template <class Archive, class Entry>
void each_own(Archive& a, Entry& e) {
  auto& s = e.state;
  a.time(s.created_at);
  a.text(s.recipient);
  a.text(s.event_id);
  a.text(s.correlation_key);
  a.bytes(s.dedupe.bytes);
  a.value(s.ordinal);
  a.value(s.current);
  a.value(s.fresh);
  a.value(s.finished);
  a.value(s.now);
  a.value(s.why);
  a.time(s.updated_at);
  a.time(s.send_at);
  a.time(s.expires_at);
  a.value(e.last_sequence);
  a.time(e.armed);
  a.number(s.steps.size(), [&](auto n) { s.steps.resize(n); });
  for (auto& x : s.steps) {
    a.value(x.now);
    a.value(x.why);
    a.value(x.ended);
    a.value(x.timed);
    a.value(x.calls);
    a.value(x.soft_bounces);
    a.time(x.wake);
    a.time(x.first_call);
  }
  for (auto& x : s.attempts) {
    a.value(x.number);
    a.value(x.step);
    a.value(x.now);
    a.value(x.error);
    a.value(x.silent);
    a.text(x.provider_message_id);
    a.text(x.error_code);
    a.time(x.started_at);
    a.time(x.finished_at);
    a.time(x.retry_at);
    a.time(x.settle_at);
    a.time(x.answer_by);
  }
}

// Times are written as differences to the one before; these two stand for themselves.
constexpr std::uint64_t code_no_time = 0;
constexpr std::uint64_t code_far_future = 1;
constexpr std::uint64_t first_difference = 2;

class writer {
public:
  writer(packed_context& shared, timestamp since) : shared_(shared), last_(since) {
    out_.clear();
  }

  template <class T>
  void value(T x) {
    put(static_cast<std::uint64_t>(x));
  }
  template <class F>
  void number(std::size_t n, F) {
    put(n);
  }
  void time(timestamp t) {
    if (t == no_time)
      return put(code_no_time);
    if (t == far_future)
      return put(code_far_future);
    auto difference = (t - last_).count();
    auto sign = static_cast<std::uint64_t>(difference >> 63);
    put(((static_cast<std::uint64_t>(difference) << 1) ^ sign) + first_difference);
    last_ = t;
  }
  void text(const std::string& x) {
    put(x.size());
    append(x.data(), x.size());
  }
  void text(const recipient_id& x) {
    text(x.str());
  }
  template <std::size_t N>
  void bytes(const std::array<std::uint8_t, N>& x) {
    append(x.data(), N);
  }
  void shared(const std::string& x) {
    put(shared_.texts.take(x));
  }
  void plan(const notification_plan_ptr& x) {
    put(shared_.plans.take(x));
  }

  packed_notification finish() const {
    packed_notification result{new std::byte[out_.size()]};
    std::memcpy(result.get(), out_.data(), out_.size());
    return result;
  }

private:
  void put(std::uint64_t x) {
    std::array<std::byte, 10> bytes; // 7 bits in each
    std::size_t n = 0;
    for (; x >= 0x80; x >>= 7)
      bytes[n++] = static_cast<std::byte>(x | 0x80);
    bytes[n++] = static_cast<std::byte>(x);
    append(bytes.data(), n);
  }
  void append(const void* from, std::size_t n) {
    const auto* first = static_cast<const std::byte*>(from);
    out_.insert(out_.end(), first, first + n);
  }

  packed_context& shared_;
  timestamp last_;
  static inline thread_local std::vector<std::byte> out_; ///< kept, as packing comes in bursts
};

class reader {
public:
  reader(const std::byte* from, const packed_context& shared, timestamp since)
      : at_(from), shared_(shared), last_(since) {}

  template <class T>
  void value(T& x) {
    x = static_cast<T>(get());
  }
  template <class F>
  void number(std::size_t, F take) {
    take(static_cast<std::size_t>(get()));
  }
  void time(timestamp& t) {
    auto code = get();
    if (code < first_difference) {
      t = code == code_no_time ? no_time : far_future;
      return;
    }
    code -= first_difference;
    last_ += duration{static_cast<std::int64_t>((code >> 1) ^ (~(code & 1) + 1))};
    t = last_;
  }
  void text(std::string& x) {
    auto size = static_cast<std::size_t>(get());
    x.assign(reinterpret_cast<const char*>(at_), size);
    at_ += size;
  }
  void text(recipient_id& x) {
    std::string s;
    text(s);
    x = recipient_id{std::move(s)};
  }
  template <std::size_t N>
  void bytes(std::array<std::uint8_t, N>& x) {
    std::memcpy(x.data(), at_, N);
    at_ += N;
  }
  void shared(std::string& x) {
    x = shared_.texts.at(static_cast<std::uint32_t>(get()));
  }
  void plan(notification_plan_ptr& x) {
    x = shared_.plans.at(static_cast<std::uint32_t>(get()));
  }
  std::uint64_t get() {
    std::uint64_t x = 0;
    for (int shift = 0;; shift += 7) {
      auto b = static_cast<std::uint64_t>(*at_++);
      x |= (b & 0x7f) << shift;
      if (b < 0x80)
        return x;
    }
  }

private:
  const std::byte* at_;
  const packed_context& shared_;
  timestamp last_;
};

} // namespace

packed_notification pack(const notification_entry& e, packed_context& shared) {
  writer out{shared, time_of(e.state.id)};
  out.shared(e.tenant.str());
  each_shared(out, e);
  each_own(out, e);
  return out.finish();
}

notification_entry unpack(const notification_id& id, const std::byte* packed,
                          const packed_context& shared) {
  notification_entry e;
  e.state.id = id;
  reader in{packed, shared, time_of(id)};
  std::string tenant;
  in.shared(tenant);
  e.tenant = tenant_id{std::move(tenant)};
  each_shared(in, e);
  each_own(in, e);
  return e;
}

void release(const std::byte* packed, packed_context& shared) {
  reader in{packed, shared, no_time};
  auto text = [&] { shared.texts.give_back(static_cast<std::uint32_t>(in.get())); };
  text();
  shared.plans.give_back(static_cast<std::uint32_t>(in.get()));
  text();
  for (auto attempts = in.get(); attempts > 0; --attempts)
    text();
}

} // namespace carillon
