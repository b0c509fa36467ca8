#pragma once

#include <cstdint>
#include <string>

#include "cursor.hpp"
#include "delivery.hpp"
#include "ledger.hpp"
#include "zevi/subscriber.hpp"

namespace zevi::subscriber {

/// Decides when a cursor is written. A cursor that is confirmed by reading is written once a second, when all
/// that is here has been read out, so that nothing has to be noted for each event.
class CursorKeeper {
 public:
  /// Throws `zevi::Error` if there is a file that is no cursor. Otherwise the delivery begins where it says.
  CursorKeeper(const std::string& path, Confirm confirm, Delivery& delivery);

  /// The caller is done with everything that it was given.
  void confirm();
  /// The caller is done with what it was given up to there.
  void confirm(const Position& position);
  /// It is known where reading begins. That is kept at once, so that whoever is stopped before the first
  /// event goes on there.
  void note_beginning();
  void save_if_due(Clock::time_point now);
  /// When `save_if_due` has something to do if nothing happens before.
  [[nodiscard]] Clock::time_point due() const noexcept;
  /// The subscriber ends.
  void close() noexcept;

 private:
  void save(Delivery::Upto upto);
  [[nodiscard]] bool has_changed() const noexcept { return delivery_.changes() != saved_changes_; }

  const CursorFile file_;
  const Confirm confirm_;
  Delivery& delivery_;
  bool has_file_ = false;
  std::uint64_t saved_changes_ = 0;
  Clock::time_point saved_{};
};

}  // namespace zevi::subscriber
