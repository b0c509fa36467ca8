#pragma once

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace zevi {

/// A parameter that is always there but may be nil, msgpack's "no value". (A parameter that may be left out
/// altogether is a `std::optional`; one that may be left out, be nil, or hold a value is a
/// `std::optional<Nullable<T>>`, in which absent and nil remain two things.)
template <typename T>
class Nullable {
 public:
  constexpr Nullable() noexcept = default;  ///< nil
  constexpr Nullable(std::nullptr_t) noexcept {}
  template <typename Given>
  requires(
      std::convertible_to<Given, T> && !std::same_as<std::remove_cvref_t<Given>, Nullable> &&
      !std::same_as<
          std::remove_cvref_t<Given>,
          std::nullptr_t>) constexpr Nullable(Given&& value) noexcept(noexcept(T(std::forward<Given>(value))))
      : value_(std::forward<Given>(value)), nil_(false) {}

  [[nodiscard]] constexpr bool is_nil() const noexcept { return nil_; }
  /// The value; of a nil the value of `T{}`.
  [[nodiscard]] constexpr const T& value() const noexcept { return value_; }
  [[nodiscard]] constexpr T value_or(T otherwise) const { return nil_ ? std::move(otherwise) : value_; }

  friend constexpr bool operator==(const Nullable&, const Nullable&) = default;

 private:
  T value_{};
  bool nil_ = true;
};

}  // namespace zevi
