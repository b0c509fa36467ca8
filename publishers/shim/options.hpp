#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "zevi/endpoints.hpp"
#include "zevi/publisher.h"

namespace zevi::shim {

/// The caller's options, checked and copied, with the defaults filled in.
struct Options {
  std::string endpoint;  ///< empty: `ingress` in the runtime directory
  std::string runtime_dir;
  RuntimeVariables variables;  ///< read in the opening thread, see there
  std::string fork_endpoint;
  std::string name;
  std::string host;
  void* zmq_context = nullptr;

  bool wait_when_full = false;
  std::chrono::nanoseconds wait_max{};
  std::size_t ring_bytes = 0;
  std::size_t window_bytes = 0;
  std::chrono::nanoseconds flush_interval{};
  std::chrono::nanoseconds linger{};

  [[nodiscard]] bool is_inproc() const noexcept { return endpoint.starts_with("inproc://"); }
};

void set_defaults(zevi_publisher_options& options) noexcept;

/// Throws `zevi::Error` naming the first option that is out of range, and its range.
[[nodiscard]] Options check_options(const zevi_publisher_options* given);

}  // namespace zevi::shim
