#pragma once

#include <string>

#include "catch.hpp"
#include "zevi/pack.hpp"
#include "zevi/wire/body.hpp"

/// The parameter map of a typed event, checked as the broker would check it.
template <typename Event>
std::string encoded(const Event& event) {
  std::string params(event.encoded_bytes_max(), '\0');
  auto* const begin = reinterpret_cast<std::uint8_t*>(params.data());
  const auto size = static_cast<std::size_t>(event.encode(begin) - begin);
  REQUIRE(size <= params.size());
  params.resize(size);
  REQUIRE(zevi::wire::check_params(params).error == zevi::wire::BodyError::none);
  return params;
}

/// A parameter map made by hand: `fill` writes `count` keys and values.
template <typename Fill>
std::string params_of(std::size_t count, Fill fill) {
  std::string params;
  zevi::pack::Writer writer(params);
  writer.map(count);
  fill(writer);
  return params;
}
