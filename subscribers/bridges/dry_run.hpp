#pragma once

#include "bridge.hpp"
#include "mapping.hpp"

namespace zevi::bridges {

/// Shows on standard output what would be sent: where to, the headers, the payload.
class DryRun : public Bus {
 public:
  explicit DryRun(Payload payload) : payload_(payload) {}

  void open() override {}
  [[nodiscard]] Sent send(const Outgoing& message) override;
  void poll(Report& report) override;
  void close() noexcept override {}

 private:
  const Payload payload_;
  std::uint64_t last_ = 0;
};

}  // namespace zevi::bridges
