#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "topics/topic.hpp"
#include "zevi/wire/body.hpp"

namespace zevi::broker {

/// Cuts parts out of a piece, entry by entry from its first on, each part with the numbers that its events
/// had. The piece outlives it.
class PieceCutter {
 public:
  explicit PieceCutter(const Piece& piece) : piece_(piece), body_(piece.body.to_string_view()), p_(piece.p) {}

  /// The next entry belongs to the part that is being made.
  void add(const wire::Entry& entry) noexcept {
    end_ += entry.whole.size();
    ++n_;
  }
  /// The next entry is left out. Only between parts.
  void skip(const wire::Entry& entry) noexcept {
    begin_ = end_ += entry.whole.size();
    ++p_;
  }
  /// Ends the part, if anything is in it.
  void cut_into(std::vector<Piece>& parts);

  /// Of the part that is being made.
  [[nodiscard]] std::uint32_t n() const noexcept { return n_; }
  [[nodiscard]] std::size_t body_bytes() const noexcept { return wire::body_head_bytes + (end_ - begin_); }

 private:
  const Piece& piece_;
  const std::string_view body_;
  std::size_t begin_ = wire::body_head_bytes;
  std::size_t end_ = wire::body_head_bytes;
  std::uint64_t p_;
  std::uint32_t n_ = 0;
};

}  // namespace zevi::broker
