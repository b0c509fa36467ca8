#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "zevi/pack.hpp"

/// What events exist and what belongs into them, known at run time: to check events, to list topics, to
/// explain them. Files are described in schema/catalogue/README.md.
namespace zevi {

enum class ParamType : std::uint8_t { sint, uint, real, string, boolean, bytes, any };

/// The type's name in a catalogue file: `int`, `uint`, `double` ...
[[nodiscard]] std::string_view name_of(ParamType type) noexcept;

struct KnownValue {
  std::string text;  ///< as it is written without quotes: `start`, `-1`, `true`
  std::string doc;
};

struct CatalogueParam {
  std::string name;
  ParamType type = ParamType::any;
  bool optional = false;  ///< can be missing
  bool nullable = false;  ///< can be nil
  std::string unit;       ///< such as `us`; empty if it has none
  std::string doc;
  std::vector<KnownValue> values;
  bool values_open = false;  ///< others than `values` are to be expected
};

struct CatalogueEvent {
  std::string name;
  std::string origin;  ///< `core`, or the module or program that publishes it; can be empty
  std::string doc;
  bool open = false;  ///< other parameters than `params` can be there
  std::vector<std::string> notes;
  std::vector<CatalogueParam> params;  ///< at most 64, in the order in which they are sent
  std::string source;                  ///< the file that describes it
};

/// What `Catalogue::check` has to say about an event; true if nothing. Its views live as long as the
/// catalogue and the bytes that were checked.
struct [[nodiscard]] CatalogueFinding {
  enum class Kind : std::uint8_t {
    none,
    unknown_event,  ///< no catalogue describes the topic
    wrong_type,     ///< `param` should be `expected` and is `found`
    missing_param,  ///< `param` is not there and not optional
    unknown_param,  ///< `param` is not described, and the event is not open
    malformed,      ///< bytes that `wire::check_params` would not have passed
  };
  Kind kind = Kind::none;
  std::string_view topic = {};
  std::string_view param = {};
  ParamType expected = ParamType::any;
  pack::Type found = pack::Type::nil;

  [[nodiscard]] explicit operator bool() const noexcept { return kind == Kind::none; }
  /// In words, one line of printable text whatever the bytes were; empty if there is nothing to say.
  [[nodiscard]] std::string describe() const;
};

/// Holds the events of the core and those of the files that were added. Const functions can be used by
/// several threads at once; pointers that they give stay good as long as the catalogue, also when files are
/// added.
class Catalogue {
 public:
  /// Knows the nine events of OpenSIPS's core.
  Catalogue();

  /// Adds the events of OpenSIPS's modules, which are built in too.
  void add_opensips_modules();

  /// Adds what a file describes, the whole of it or, if it throws `zevi::Error`, nothing. Errors name file,
  /// event and parameter, and what to change.
  void add_file(const std::string& path);

  /// The same for text that is already here; `name` stands for it in errors.
  void add_text(std::string_view json, const std::string& name);

  /// Null if nobody described it.
  [[nodiscard]] const CatalogueEvent* find(std::string_view topic) const noexcept;

  /// All events, by name in the order of its bytes.
  [[nodiscard]] const std::map<std::string, CatalogueEvent, std::less<>>& events() const noexcept {
    return events_;
  }

  /// Compares one event with its description. Of several findings it reports the gravest, in the order of
  /// `Kind`, and of those the first in the catalogue's order. Of a key that comes twice the last value
  /// counts. `params` has to have passed `wire::check_params`. Does not allocate.
  [[nodiscard]] CatalogueFinding check(std::string_view topic, std::string_view params) const noexcept;
  [[nodiscard]] static CatalogueFinding check(const CatalogueEvent& event, std::string_view params) noexcept;

 private:
  void add(std::vector<CatalogueEvent> events);

  std::map<std::string, CatalogueEvent, std::less<>> events_;
};

}  // namespace zevi
