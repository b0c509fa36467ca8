#pragma once

#include <cstddef>
#include <string_view>
#include <vector>
#include <zmq.hpp>

namespace zevi::test {

/// Cuts an input into frames: two bytes say how long each is, as far as there are bytes.
class FrameCutter {
 public:
  explicit FrameCutter(std::string_view input) : input_(input) {}

  [[nodiscard]] bool is_empty() const noexcept { return input_.empty(); }
  unsigned take_byte() {
    if (input_.empty()) return 0;
    const auto byte = static_cast<unsigned char>(input_.front());
    input_.remove_prefix(1);
    return byte;
  }
  zmq::message_t take_frame() {
    const std::size_t size = std::size_t{take_byte()} << 8U | take_byte();
    const std::string_view frame = input_.substr(0, size);
    input_.remove_prefix(frame.size());
    return zmq::message_t(frame);
  }
  std::vector<zmq::message_t> take_frames(std::size_t count) {
    std::vector<zmq::message_t> frames;
    while (frames.size() < count) frames.push_back(take_frame());
    return frames;
  }

 private:
  std::string_view input_;
};

}  // namespace zevi::test
