#include "option_error.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include "suggestion.hpp"

namespace zevi::program {

namespace {

std::string suggestion(const OptionTable& table, std::string_view unknown) {
  while (unknown.starts_with('-')) unknown.remove_prefix(1);
  unknown = unknown.substr(0, unknown.find('='));
  std::vector<std::string_view> names;
  for (const auto& option : table.visible.options()) names.push_back(option->long_name());
  const std::string best(nearest(unknown, names));
  return best.empty() ? "" : "; did you mean --" + best + "?";
}

struct Substitutions : po::error_with_option_name {
  using po::error_with_option_name::m_substitutions;
};

/// Boost puts a value into its message by replacing `%value%` there until none is left, which never ends for
/// a value that holds `%value%` itself.
std::string words_with_values(const po::error_with_option_name& error) {
  constexpr char stand_in = '\x01';
  auto& thrown =
      const_cast<po::error_with_option_name&>(error);  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  for (auto& [name, text] : thrown.*(&Substitutions::m_substitutions)) {
    std::replace(text.begin(), text.end(), '%', stand_in);
  }
  std::string words = thrown.what();
  std::replace(words.begin(), words.end(), stand_in, '%');
  return words;
}

}  // namespace

std::string words_of(const OptionTable& table, const po::error& error) {
  // Boost's message without its pieces in another style: `the option '--x' ...` is kept, since it names the
  // option.
  if (const auto* unknown = dynamic_cast<const po::unknown_option*>(&error)) {
    return "unknown option '" + unknown->get_option_name() + "'" +
           suggestion(table, unknown->get_option_name());
  }
  if (const auto* named = dynamic_cast<const po::error_with_option_name*>(&error)) {
    return words_with_values(*named);
  }
  return error.what();
}

}  // namespace zevi::program
