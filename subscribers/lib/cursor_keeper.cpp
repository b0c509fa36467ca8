#include "cursor_keeper.hpp"

#include "zevi/error.hpp"

namespace zevi::subscriber {

namespace {

constexpr std::chrono::seconds interval{1};

}  // namespace

CursorKeeper::CursorKeeper(const std::string& path, Confirm confirm, Delivery& delivery)
    : file_(path), confirm_(confirm), delivery_(delivery) {
  const auto position = file_.load();
  if (!position) return;
  has_file_ = true;
  delivery_.restore(*position);
}

void CursorKeeper::save(Delivery::Upto upto) {
  file_.save(delivery_.position(upto));
  saved_changes_ = delivery_.changes();
  has_file_ = true;
}

void CursorKeeper::confirm() {
  save(Delivery::Upto::last);
  delivery_.confirm();
}

void CursorKeeper::confirm(const Position& position) {
  file_.save(position);
  has_file_ = true;
}

void CursorKeeper::note_beginning() {
  if (!has_file_ && delivery_.statistics().events == 0) save(Delivery::Upto::last);
}

void CursorKeeper::save_if_due(Clock::time_point now) {
  if (now < due() || !delivery_.is_read_out()) return;
  saved_ = now;
  save(Delivery::Upto::last);
}

Clock::time_point CursorKeeper::due() const noexcept {
  return confirm_ == Confirm::by_reading && has_changed() ? saved_ + interval : Clock::time_point::max();
}

void CursorKeeper::close() noexcept {
  if (confirm_ != Confirm::by_reading || !has_changed()) return;
  try {
    save(Delivery::Upto::before_last);
  } catch (const Error&) {
    // What was read since it was last written comes again, which is all that can be done about it here.
  }
}

}  // namespace zevi::subscriber
