#pragma once

#include <cstdint>
#include <string>

#include "temporary_directory.hpp"
#include "zevi/publisher.hpp"

namespace zevi::test {

/// An endpoint of its own for each test.
class Endpoint {
 public:
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  /// The options of a publisher that connects here. They point into this endpoint.
  [[nodiscard]] PublisherOptions options() const noexcept {
    PublisherOptions options;
    options.endpoint = name_.c_str();
    options.linger_ns = 0;
    return options;
  }

 private:
  TemporaryDirectory directory_;
  std::string name_ = "ipc://" + directory_.path() + "/ingress";
};

}  // namespace zevi::test
