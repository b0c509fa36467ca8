#include "join.hpp"

#include "zevi/limits.hpp"
#include "zevi/pack.hpp"
#include "zevi/wire/body.hpp"

namespace zevi::broker {

Piece* end_of_group(Piece* first, Piece* last) noexcept {
  Piece* at = first;
  std::size_t bytes = 0;
  while (at != last) {
    bytes += at->body.size();
    const bool is_large = at->body.size() >= join_piece_bytes_max;
    const bool is_full =
        bytes > limits::message_bytes_max || static_cast<std::size_t>(at - first) == join_runs_max;
    if (at != first && (is_large || is_full)) return at;
    ++at;
    if (is_large) return at;
  }
  return at;
}

void add_to_runs(std::vector<wire::Run>& runs, const Piece& piece) {
  if (!runs.empty()) {
    wire::Run& run = runs.back();
    if (run.id == piece.publisher->id && run.p + run.count == piece.p && run.origin == piece.origin) {
      run.count += piece.n;
      return;
    }
  }
  const PublisherName& name = *piece.publisher;
  runs.push_back({name.id, name.src, name.pid, piece.p, piece.n, name.host, piece.origin});
}

zmq::message_t join_bodies(const Piece* first, const Piece* last, std::uint32_t n) {
  std::size_t bytes = wire::body_head_bytes;
  for (const Piece* piece = first; piece != last; ++piece)
    bytes += piece->body.size() - wire::body_head_bytes;
  zmq::message_t joined(bytes);
  std::uint8_t* at = pack::put_array32_head(joined.data<std::uint8_t>(), n);
  for (const Piece* piece = first; piece != last; ++piece) {
    at = pack::put_raw(at, piece->body.to_string_view().substr(wire::body_head_bytes));
  }
  return joined;
}

}  // namespace zevi::broker
