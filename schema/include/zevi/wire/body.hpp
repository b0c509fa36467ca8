#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "zevi/pack.hpp"

/// The body of a batch: a msgpack array of `n` pairs `[time_ns, params]`, its head always the 5-byte form.
namespace zevi::wire {

inline constexpr std::size_t body_head_bytes = 5;
/// What precedes an entry's parameter map as the shim writes it: the pair's head and the time.
inline constexpr std::size_t entry_head_bytes = 10;

enum class BodyError : std::uint8_t {
  none,
  empty,            ///< no events
  too_large,        ///< longer than `limits::batch_bytes_max`
  head,             ///< does not begin with the 5-byte head of an array
  count,            ///< holds another number of entries than the header says
  truncated,        ///< ends inside a value
  not_a_pair,       ///< an entry is no array of two
  time,             ///< an entry's time is no integer of 64 bits with sign
  params,           ///< an entry's parameters are no map
  event_too_large,  ///< a parameter map is longer than `limits::event_bytes_max`
  nesting,          ///< arrays and maps deeper than `limits::nesting_max`
  key,              ///< a map key is neither `str` nor `bin`
  text,             ///< a `str` is not UTF-8
  extension,        ///< extension types, which have no meaning here
  reserved_byte,    ///< the byte 0xC1
  trailing,         ///< bytes behind the last entry
};

[[nodiscard]] std::string_view describe(BodyError error) noexcept;

struct BodyCheck {
  BodyError error = BodyError::none;
  std::size_t offset = 0;  ///< where the value at fault begins
  [[nodiscard]] explicit operator bool() const noexcept { return error == BodyError::none; }
};

/// Whether `body` holds `n` entries, as its header says, that break no rule. One pass, no allocation, no
/// recursion.
[[nodiscard]] BodyCheck check_body(std::string_view body, std::uint32_t n) noexcept;

/// Where an entry's parameter map lies in its body, and its time.
struct EntryPlace {
  std::int64_t time_ns = 0;
  std::uint32_t params_begin = 0;
  std::uint32_t params_end = 0;  ///< the next entry begins here, or the body ends

  [[nodiscard]] std::string_view params(std::string_view body) const noexcept {
    return body.substr(params_begin, params_end - params_begin);
  }
  bool operator==(const EntryPlace&) const = default;
};

/// The same, and lists the entries in `places`, so that nobody has to walk over the body again. What `places`
/// held is gone, its memory is used again; after an error it is empty. It never grows beyond what a body of
/// this size can hold, whatever `n` says.
[[nodiscard]] BodyCheck check_body(std::string_view body, std::uint32_t n, std::vector<EntryPlace>& places);

/// The same rules for one event's parameter map, with nothing behind it.
[[nodiscard]] BodyCheck check_params(std::string_view params) noexcept;

struct Entry {
  std::int64_t time_ns = 0;
  std::string_view params;  ///< the parameter map
  std::string_view whole;   ///< the pair
};

/// Walks the entries of a body. On bytes that `check_body` has not passed it fails instead of reading wrong.
class BodyReader {
 public:
  explicit BodyReader(std::string_view body) noexcept;
  /// False at the end and after a fault; `failed()` tells which.
  [[nodiscard]] bool next(Entry& entry) noexcept;
  [[nodiscard]] bool failed() const noexcept { return failed_; }

 private:
  pack::Reader reader_;
  std::uint32_t left_ = 0;
  bool failed_ = false;
};

}  // namespace zevi::wire
