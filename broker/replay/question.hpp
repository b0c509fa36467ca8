#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "zevi/wire/replay_messages.hpp"

namespace zevi::broker {

/// A question that was read, with the frame that its texts point into. It does not move.
class Question {
 public:
  /// Null if the frame is no question; `error` then says why.
  [[nodiscard]] static std::unique_ptr<Question> read(std::string_view frame, wire::DecodeError& error);
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;

  [[nodiscard]] const wire::ReplayRequest& request() const noexcept { return request_; }
  /// What it costs while it waits.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  /// The number that `from` or `to` has for a topic; null if it is not named there.
  [[nodiscard]] const std::uint64_t* from(std::string_view topic) const noexcept;
  [[nodiscard]] const std::uint64_t* to(std::string_view topic) const noexcept;

 private:
  explicit Question(std::string_view frame) : frame_(frame) {}

  std::string frame_;
  wire::ReplayRequest request_;
  std::size_t bytes_ = 0;
};

}  // namespace zevi::broker
