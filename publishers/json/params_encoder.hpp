#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// JSON on its way into an event: both `zevi ingest` and `zevi pub` turn a JSON object into the msgpack map
/// of an event's parameters.
namespace zevi::json {

enum class EncodeFault : std::uint8_t {
  none,
  nesting,    ///< arrays and maps deeper than `limits::nesting_max`
  too_large,  ///< more than `limits::event_bytes_max` bytes of msgpack
};

/// Writes one msgpack map from the pieces of a JSON object, in the order in which they stand in the text,
/// without knowing how many there will be.
///
/// Nothing is lost on the way: a whole number within 64 bits stays one, a larger one (and a fraction beyond
/// the range of a double) travels as text with all its digits; text that is not UTF-8 becomes `bin`, byte for
/// byte. Of a name that is given twice the last value wins, at the place of the first, and the repetition is
/// counted.
///
/// Every call returns false after a fault, and the pieces behind it must not be given.
class ParamsEncoder {
 public:
  /// Forgets everything, and keeps the memory.
  void reset() noexcept;

  [[nodiscard]] bool nil();
  [[nodiscard]] bool boolean(bool value);
  /// A number as JSON spells it.
  [[nodiscard]] bool number(std::string_view digits);
  [[nodiscard]] bool text(std::string_view value);
  /// The name of the value that comes next, inside a map.
  [[nodiscard]] bool key(std::string_view name);
  [[nodiscard]] bool begin_map() { return begin(true); }
  [[nodiscard]] bool end_map();
  [[nodiscard]] bool begin_array() { return begin(false); }
  [[nodiscard]] bool end_array();

  /// How many maps and arrays are open.
  [[nodiscard]] std::size_t depth() const noexcept { return open_.size(); }
  /// The msgpack so far; one whole value once `depth()` is back at 0. Lives until the next call.
  [[nodiscard]] std::string_view encoded() const noexcept { return out_; }
  [[nodiscard]] std::uint64_t repeated_keys() const noexcept { return repeated_keys_; }
  [[nodiscard]] EncodeFault fault() const noexcept { return fault_; }

 private:
  struct Container {
    std::size_t head;          ///< where its head is written once its size is known
    std::size_t first_member;  ///< of a map, in `members_`
    std::uint32_t elements;    ///< of an array
    bool is_map;
  };
  /// Offsets of a name and its value; the value ends where the next name begins.
  struct Member {
    std::size_t key;
    std::size_t value;
  };

  [[nodiscard]] bool begin(bool is_map);
  template <typename Put>
  [[nodiscard]] bool value(Put put);
  void append_text(std::string_view value);
  void write_head(const Container& container, std::size_t count);
  [[nodiscard]] bool check_size();

  [[nodiscard]] std::string_view key_of(std::size_t member) const noexcept;
  [[nodiscard]] bool few_and_different(std::size_t first) const noexcept;
  void merge_repeated(const Container& map);

  std::string out_;
  std::vector<Container> open_;
  std::vector<Member> members_;
  std::vector<std::size_t> order_;     ///< members of one map by name; kept for its memory
  std::vector<std::size_t> value_of_;  ///< whose value a member takes; kept for its memory
  std::string merged_;                 ///< kept for its memory
  std::uint64_t repeated_keys_ = 0;
  EncodeFault fault_ = EncodeFault::none;
};

}  // namespace zevi::json
