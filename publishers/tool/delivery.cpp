#include "delivery.hpp"

#include <array>
#include <thread>

#include "zevi/error.hpp"

namespace zevi::pub {

namespace {

/// Between looks at whether the broker has answered.
constexpr std::chrono::milliseconds look_every{1};

std::string events(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " event" : " events");
}

}  // namespace

Delivery::Delivery(const Options& options) : options_(options) {
  try {
    open();
    wait_connected();
  } catch (...) {
    zevi_publisher_close(publisher_);
    throw;
  }
}

Delivery::~Delivery() {
  zevi_publisher_close(publisher_);
}

void Delivery::open() {
  zevi_publisher_options chosen;
  zevi_publisher_options_init(&chosen);
  const auto timeout_ns = static_cast<std::uint64_t>(options_.timeout.count());
  chosen.endpoint = options_.endpoint.c_str();
  if (!options_.curve.key_file.empty()) {
    chosen.curve_key = options_.curve.key_file.c_str();
    chosen.curve_server_key = options_.curve.server_key.c_str();
  }
  chosen.name = options_.name.c_str();
  chosen.full_policy = ZEVI_WAIT;
  chosen.wait_max_ns = timeout_ns;
  std::array<char, 256> error{};
  if (zevi_publisher_open(&chosen, &publisher_, error.data(), error.size()) != ZEVI_OK) {
    throw Error(error.data());
  }
  const zevi_status status =
      zevi_topic_open(publisher_, options_.topic.data(), options_.topic.size(), &topic_);
  if (status != ZEVI_OK) throw Error("cannot publish " + options_.topic + ": " + zevi_status_text(status));
}

void Delivery::wait_connected() {
  const auto deadline = std::chrono::steady_clock::now() + options_.timeout;
  while (statistics().connected == 0) {
    if (std::chrono::steady_clock::now() >= deadline) {
      throw Error("no broker at " + options_.endpoint +
                  ": nothing sent; start zevid or choose --runtime-dir");
    }
    std::this_thread::sleep_for(look_every);
  }
}

void Delivery::publish(std::string_view params) {
  const zevi_status status = zevi_publish_encoded(topic_, 0, params.data(), params.size());
  if (status == ZEVI_OK) return;
  if (status == ZEVI_UNWANTED) {
    ++unwanted_;
    return;
  }
  if (status == ZEVI_RING_FULL) {
    const zevi_statistics now = statistics();
    fail(now.published - now.acknowledged - now.invalid + 1);
  }
  throw Error("cannot publish " + options_.topic + ": " + zevi_status_text(status));
}

void Delivery::finish() {
  std::uint64_t unacknowledged = 0;
  const auto timeout_ns = static_cast<std::uint64_t>(options_.timeout.count());
  if (zevi_publisher_flush(publisher_, timeout_ns, &unacknowledged) != ZEVI_OK) fail(unacknowledged);
  if (const std::uint64_t invalid = statistics().invalid; invalid > 0) {
    throw Error("the broker refused " + events(invalid) + " of " + options_.topic);
  }
}

void Delivery::fail(std::uint64_t unacknowledged) const {
  throw Error("no broker at " + options_.endpoint + ": " + events(unacknowledged) + " not acknowledged");
}

zevi_statistics Delivery::statistics() const {
  zevi_statistics statistics{};
  statistics.size = sizeof statistics;
  zevi_publisher_statistics(publisher_, &statistics);
  return statistics;
}

}  // namespace zevi::pub
