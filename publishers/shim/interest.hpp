#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "zevi/wire/broker_messages.hpp"

namespace zevi::shim {

/// What the broker last said is wanted, kept beyond the frame that said it. Without a word from the broker
/// everything is wanted.
class Interest {
 public:
  Interest() = default;
  explicit Interest(const wire::Interest& message);

  /// 0 while the broker has not said anything.
  [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }
  [[nodiscard]] bool wants(std::string_view topic) const noexcept;

 private:
  std::uint64_t generation_ = 0;
  std::vector<std::string> subscribed_;
  std::vector<std::pair<std::string, bool>> kept_;
};

}  // namespace zevi::shim
