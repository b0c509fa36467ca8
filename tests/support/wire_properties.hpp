#pragma once

#include <cstdint>
#include <string_view>

/// What must hold for any bytes whatever. Property tests and fuzz targets ask the same questions. Each
/// function gives null, or in words what does not hold; the bytes are copied into memory of exactly their
/// size, so that the address sanitizer sees a read behind them.
namespace zevi::test {

/// All decoders of control frames, stream headers among them: what one takes, it gives back when encoded and
/// decoded again.
[[nodiscard]] const char* broken_by_frame(std::string_view bytes);

/// The decoder of stream headers alone.
[[nodiscard]] const char* broken_by_stream_header(std::string_view bytes);

/// The body check, with `n` as the header would promise it, and the reader: a body that passes holds `n`
/// entries, each of which passes alone and lies where the check says; one that does not is read without harm.
/// A second check, written in another way, finds the same fault at the same place, or none.
[[nodiscard]] const char* broken_by_body(std::string_view bytes, std::uint32_t n);

}  // namespace zevi::test
