#include "reload.hpp"

#include <algorithm>

#include "control/effective_options.hpp"

namespace zevi::broker {

namespace {

/// The names of the options in which two brokers differ, each once.
std::vector<std::string> differences(const BrokerOptions& left, const BrokerOptions& right) {
  const auto words = [](const BrokerOptions& options) {
    std::vector<Identity::Named> all = effective_options(options);
    for (const auto& [name, value] :
         {std::pair("runtime-dir", options.runtime_dir), std::pair("ingress", options.ingress),
          std::pair("stream", options.stream), std::pair("events", options.events),
          std::pair("replay", options.replay), std::pair("control", options.control)}) {
      all.push_back({name, value});
    }
    return all;
  };
  const auto values_of = [](const std::vector<Identity::Named>& all, const std::string& name) {
    std::vector<std::string> values;
    for (const Identity::Named& option : all) {
      if (option.name == name) values.push_back(option.value);
    }
    return values;
  };
  const std::vector<Identity::Named> of_left = words(left);
  const std::vector<Identity::Named> of_right = words(right);
  std::vector<std::string> names;
  for (const auto* const all : {&of_left, &of_right}) {
    for (const Identity::Named& option : *all) {
      const bool is_known = std::find(names.begin(), names.end(), option.name) != names.end();
      if (!is_known && values_of(of_left, option.name) != values_of(of_right, option.name)) {
        names.push_back(option.name);
      }
    }
  }
  return names;
}

}  // namespace

Reload prepare_reload(const BrokerOptions& current, const BrokerOptions& wanted) {
  Reload reload;
  reload.options = current;
  reload.options.interest_linger = wanted.interest_linger;
  reload.options.coalesce_max = wanted.coalesce_max;
  reload.options.notices = wanted.notices;
  reload.options.catalogue = wanted.catalogue;
  reload.options.catalogue_files = wanted.catalogue_files;
  reload.options.publisher_limits = wanted.publisher_limits;
  reload.options.subscriber_prefixes_max = wanted.subscriber_prefixes_max;
  reload.options.drain_max = wanted.drain_max;
  if (current.store.empty()) {
    reload.options.history = wanted.history;
    reload.options.max_age = wanted.max_age;
  }
  if (!current.access.empty() && !wanted.access.empty()) {
    reload.options.access = wanted.access;
    reload.lists = AccessLists::read(reload.options);
  }
  reload.catalogue = make_catalogue_policy(reload.options);
  reload.need_restart = differences(reload.options, wanted);
  return reload;
}

}  // namespace zevi::broker
