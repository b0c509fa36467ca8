#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "zevi/catalogue.hpp"

/// Reads catalogue files. Keeps the same rules as the program zevi-catalogue (schema/generate/zevi_catalogue/
/// reader.py); tests/data/catalogue-faults.json holds both to them. Faults throw `zevi::Error`.
namespace zevi::catalogue_file {

/// The bytes of a file of at most 4 MiB.
[[nodiscard]] std::string load(const std::string& path);

/// What `json` describes; `name` is where it comes from.
[[nodiscard]] std::vector<CatalogueEvent> parse(std::string_view json, const std::string& name);

}  // namespace zevi::catalogue_file
