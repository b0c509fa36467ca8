#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "frames.hpp"
#include "zevi/pack.hpp"
#include "zevi/wire/subscriber_messages.hpp"

/// Messages as the broker's PUB endpoints send them, for tests that need those a real broker would not send.
namespace zevi::test {

inline subscriber::Frames frames(std::string_view first, std::string_view second, std::string_view third) {
  return {zmq::message_t(first), zmq::message_t(second), zmq::message_t(third)};
}

/// The parameter map `{"i": number}`.
inline std::string params(std::uint64_t number) {
  std::string out;
  pack::Writer(out).map(1).text("i").uint(number);
  return out;
}

/// A body of `n` events whose parameter `i` counts on from `first`.
inline std::string body(std::uint64_t first, std::uint32_t n) {
  std::string out(5, '\0');
  pack::put_array32_head(reinterpret_cast<std::uint8_t*>(out.data()), n);
  for (std::uint32_t i = 0; i < n; ++i) {
    pack::Writer(out).array(2).sint(1'000 + i).raw(params(first + i));
  }
  return out;
}

struct Batch {
  std::string_view topic = "E_TEST";
  std::uint64_t epoch = 7;
  std::uint64_t q = 1;
  std::uint32_t n = 1;
  std::uint64_t l = 0;
  std::uint64_t id = 99;
  std::uint64_t p = 0;  ///< 0: the same as `q`
};

inline wire::StreamHeader header(const Batch& batch) {
  wire::StreamHeader out;
  out.b = batch.epoch;
  out.q = batch.q;
  out.n = batch.n;
  out.at = 1;
  out.l = batch.l;
  out.r = {{.id = batch.id,
            .src = "worker",
            .pid = 12,
            .p = batch.p == 0 ? batch.q : batch.p,
            .count = batch.n,
            .host = "here",
            .origin = {}}};
  return out;
}

inline subscriber::Frames stream_message(const Batch& batch) {
  std::string head;
  wire::encode(header(batch), head);
  return frames(batch.topic, head, body(batch.q, batch.n));
}

inline subscriber::Frames events_message(const Batch& batch) {
  std::string meta;
  wire::encode(wire::EventMeta{.q = batch.q,
                               .p = batch.p == 0 ? batch.q : batch.p,
                               .l = batch.l,
                               .time = 1e-6,
                               .time_ns = 1'000,
                               .src = "worker",
                               .host = "here",
                               .pid = 12,
                               .id = batch.id,
                               .b = batch.epoch},
               meta);
  return frames(batch.topic, params(batch.q), meta);
}

}  // namespace zevi::test
