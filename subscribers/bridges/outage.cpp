#include "outage.hpp"

#include <algorithm>

namespace zevi::bridges {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds pause_min = 100ms;
constexpr std::chrono::milliseconds pause_max = 5s;

}  // namespace

void Outage::tell_connected() {
  log_.info((was_connected_ ? "connected again to " : "connected to ") + bus_);
  was_connected_ = true;
  reason_.clear();
  link_.failed = 0;
}

void Outage::note_connection(bool has_work) {
  link_.is_up = true;
  if (reason_.empty() || !has_work) tell_connected();
}

void Outage::note_success() {
  pause_ = 0ms;
  if (!reason_.empty()) tell_connected();
}

void Outage::note_failure(std::string_view reason) {
  link_.is_up = false;
  ++link_.retries;
  ++link_.failed;
  pause_ = std::clamp(2 * pause_, pause_min, pause_max);
  try_at_ = Clock::now() + pause_;
  if (reason == reason_) return;
  reason_ = reason;
  log_.warning(bus_ + ": " + reason_ + "; trying again");
}

}  // namespace zevi::bridges
