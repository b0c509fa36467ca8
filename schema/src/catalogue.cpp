#include "zevi/catalogue.hpp"

#include <utility>

#include "builtin_catalogues.hpp"
#include "catalogue_file.hpp"
#include "zevi/error.hpp"

namespace zevi {

Catalogue::Catalogue() {
  add_text(builtin::core, "core.json (built in)");
  add_text(builtin::broker, "broker.json (built in)");
}

void Catalogue::add_opensips_modules() {
  add_text(builtin::opensips_modules, "opensips-modules.json (built in)");
}

void Catalogue::add_file(const std::string& path) {
  add(catalogue_file::parse(catalogue_file::load(path), path));
}

void Catalogue::add_text(std::string_view json, const std::string& name) {
  add(catalogue_file::parse(json, name));
}

void Catalogue::add(std::vector<CatalogueEvent> events) {
  std::map<std::string, CatalogueEvent, std::less<>> added;
  for (CatalogueEvent& event : events) {
    const CatalogueEvent* const other = find(event.name);
    if (other != nullptr) {
      throw Error(event.source + ": event '" + event.name + "': is in " + other->source +
                  " too; take one of them out");
    }
    std::string name = event.name;
    added.emplace(std::move(name), std::move(event));
  }
  events_.merge(added);
}

const CatalogueEvent* Catalogue::find(std::string_view topic) const noexcept {
  const auto found = events_.find(topic);
  return found == events_.end() ? nullptr : &found->second;
}

}  // namespace zevi
