#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

/// What OpenSIPS's event_datagram and event_stream send: JSON-RPC 2.0,
/// `{"jsonrpc":"2.0","method":EVENT,"params":...}`, with an `id` in front when event_stream runs in
/// reliable_mode.
namespace zevi::ingest {

/// Why a text is not taken as an event.
enum class Refusal : std::uint8_t {
  none,
  syntax,          ///< not JSON
  not_an_object,   ///< JSON, but no object
  batch,           ///< an array: JSON-RPC's batches, which OpenSIPS does not send
  no_method,       ///< no `method`, or one that is not a string
  topic,           ///< a method that cannot be a topic
  reserved_topic,  ///< a method that begins with `E_ZEVI_`
  params,          ///< `params` is neither an object nor an array
  id,              ///< `id` is neither a number nor a string of at most 256 bytes
  nesting,         ///< deeper than 16
  too_large,       ///< more than 64 KiB as msgpack
};

[[nodiscard]] std::string_view describe(Refusal refusal) noexcept;

/// Turns one notification or request into an event. Takes any bytes. Used by one thread.
///
/// The parameters keep their order. No `params` (or `null`) is the empty map; positional ones, `[a, b]`,
/// become
/// `{"0": a, "1": b}`. Members of the JSON-RPC object that mean nothing here are passed over.
class NotificationReader {
 public:
  NotificationReader();
  ~NotificationReader();

  /// Reads one whole JSON text. What the other functions give lives until the next call.
  [[nodiscard]] Refusal read(std::string_view text);

  [[nodiscard]] std::string_view topic() const noexcept;
  /// The parameters as a msgpack map.
  [[nodiscard]] std::string_view params() const noexcept;
  /// The `id` as it is spelled in JSON, for the answer; empty if none was given. After a refusal it is there
  /// if it stood before the fault.
  [[nodiscard]] std::string_view id() const noexcept;
  /// Names that were given more than once; the last value won.
  [[nodiscard]] std::uint64_t repeated_keys() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace zevi::ingest
