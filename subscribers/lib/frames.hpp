#pragma once

#include <array>
#include <string_view>
#include <zmq.hpp>

namespace zevi::subscriber {

/// Everything that the broker's PUB endpoints send has three frames.
using Frames = std::array<zmq::message_t, 3>;

[[nodiscard]] inline std::string_view text_of(const zmq::message_t& frame) noexcept {
  return {frame.data<char>(), frame.size()};
}

}  // namespace zevi::subscriber
