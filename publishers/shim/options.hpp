#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "zevi/curve_keys.hpp"
#include "zevi/endpoints.hpp"
#include "zevi/publisher.h"

namespace zevi::shim {

/// The caller's options, checked and copied, with the defaults filled in.
struct Options {
  std::string endpoint;  ///< empty: `ingress` in the runtime directory
  std::string runtime_dir;
  RuntimeVariables variables;  ///< read in the opening thread, see there
  std::string fork_endpoint;
  std::string counters_file;  ///< empty: none
  CurveClient curve;
  std::string name;
  std::string origin;  ///< empty: the events are its own
  std::string host;
  void* zmq_context = nullptr;

  std::chrono::nanoseconds wait_when_full{};  ///< how long an event waits for room in a full ring; 0: drop
  std::size_t ring_bytes = 0;
  std::size_t window_bytes = 0;
  std::chrono::nanoseconds flush_interval{};
  std::chrono::nanoseconds linger{};

  [[nodiscard]] bool is_inproc() const noexcept { return endpoint.starts_with("inproc://"); }
};

void set_defaults(zevi_publisher_options& options) noexcept;

/// How long an event waits under this policy, nothing if the policy or the time is out of range.
[[nodiscard]] std::optional<std::chrono::nanoseconds> wait_under(zevi_full_policy policy,
                                                                 std::uint64_t wait_max_ns) noexcept;

/// Throws `zevi::Error` naming the first option that is out of range, and its range.
[[nodiscard]] Options check_options(const zevi_publisher_options* given);

}  // namespace zevi::shim
