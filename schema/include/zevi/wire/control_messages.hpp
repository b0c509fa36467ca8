#pragma once

#include "zevi/limits.hpp"
#include "zevi/wire/control_frame.hpp"

/// What programs ask of the broker about itself and get back, on the `control` endpoint: a DEALER asks a
/// ROUTER. A question is one frame, a `ControlRequest`; its answer is one frame, a `ControlAnswer`.
namespace zevi::wire {

struct ControlRequest {
  std::string_view cmd;   ///< what is asked: a word of the topic alphabet
  std::uint64_t i = 0;    ///< the asker's own number of the question, said in the answer
  std::string_view from;  ///< where a list begins: empty, or `next` of the answer before
  std::uint64_t rows_max = limits::control_rows_max;  ///< of the answer; from 1

  // Of the command `lost` alone.
  std::string_view t;     ///< topic in which the events are missing
  std::uint64_t q = 0;    ///< number of the first; 0: not said
  std::uint64_t n = 0;    ///< how many
  std::string_view src;   ///< name of the program that misses them
  std::uint64_t pid = 0;  ///< its process
  bool operator==(const ControlRequest&) const = default;
};

/// Whatever was asked, the answer is a list of rows, each a msgpack map with text keys: one that a
/// program can show without knowing it, and in which it looks up the fields that it knows.
struct ControlAnswer {
  std::string_view cmd;  ///< as asked
  std::uint64_t i = 0;
  std::uint64_t b = 0;   ///< the broker's epoch
  std::uint64_t at = 0;  ///< ns since 1970, by the broker's clock
  std::vector<std::string_view> rows;
  bool more = false;  ///< the list is longer: ask again from `next`
  std::string_view next;
  std::string_view reason;  ///< empty, or why the question was refused, in words
  bool operator==(const ControlAnswer&) const = default;
};

void encode(const ControlRequest& message, std::string& out);
void encode(const ControlAnswer& message, std::string& out);
/// The same with `rows_count` rows that stand behind one another in `rows`, and not those in `message`.
void encode(const ControlAnswer& message, std::size_t rows_count, std::string_view rows, std::string& out);

/// A `rows_max` of 0 or above `control_rows_max`, and a `cmd` that is no word, are `out_of_range`.
[[nodiscard]] DecodeError decode(std::string_view frame, ControlRequest& message) noexcept;
/// A row must keep the rules of an event's parameters.
[[nodiscard]] DecodeError decode(std::string_view frame, ControlAnswer& message);

}  // namespace zevi::wire
