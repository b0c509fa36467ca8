#include "split.hpp"

#include <string_view>

#include "zevi/limits.hpp"
#include "zevi/pack.hpp"
#include "zevi/wire/body.hpp"

namespace zevi::broker {

namespace {

zmq::message_t body_of(std::string_view entries, std::uint32_t n) {
  zmq::message_t body(wire::body_head_bytes + entries.size());
  pack::put_raw(pack::put_array32_head(body.data<std::uint8_t>(), n), entries);
  return body;
}

}  // namespace

std::vector<Piece> split(const Piece& piece) {
  std::vector<Piece> parts;
  const std::string_view body = piece.body.to_string_view();
  std::size_t begin = wire::body_head_bytes;
  std::size_t end = begin;
  std::uint64_t p = piece.p;
  std::uint32_t n = 0;
  const auto cut = [&] {
    parts.push_back({piece.publisher, piece.origin, p, n, body_of(body.substr(begin, end - begin), n)});
    begin = end;
    p += n;
    n = 0;
  };
  wire::BodyReader entries(body);
  for (wire::Entry entry; entries.next(entry); ++n) {
    const std::size_t bytes = wire::body_head_bytes + (end - begin) + entry.whole.size();
    if (n > 0 && bytes > limits::message_bytes_max) cut();
    end += entry.whole.size();
  }
  cut();
  return parts;
}

}  // namespace zevi::broker
