#include "adapters/http/server/shard.hpp"

namespace carillon::http {

namespace {

std::mt19937_64 seeded() {
  std::random_device device;
  std::seed_seq seed{device(), device(), device(), device()};
  return std::mt19937_64{seed};
}

} // namespace

shard::shard(server_state& state) : shared(state), random_(seeded()) {
  // nop
}

std::string_view shard::date() {
  const auto now = std::time(nullptr);
  if (now != dated_) {
    dated_ = now;
    std::tm parts{};
    gmtime_r(&now, &parts);
    date_size_ = std::strftime(date_.data(), date_.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  }
  return {date_.data(), date_size_};
}

void shard::make_request_id(std::string& out) {
  constexpr std::string_view digits = "0123456789abcdef";
  out.clear();
  for (int half = 0; half < 2; ++half) {
    auto bits = random_();
    for (int i = 0; i < 16; ++i, bits >>= 4)
      out.push_back(digits[bits & 15]);
  }
}

} // namespace carillon::http
