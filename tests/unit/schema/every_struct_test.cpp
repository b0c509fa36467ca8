#include <set>
#include <tuple>

#include "catch.hpp"
#include "encoded.hpp"
#include "zevi/broker_events.hpp"
#include "zevi/catalogue.hpp"
#include "zevi/events.hpp"
#include "zevi/opensips_events.hpp"

using zevi::CatalogueEvent;
using zevi::CatalogueParam;
using zevi::ParamType;
using zevi::pack::Writer;

namespace {

void put_value(Writer& writer, ParamType type, std::size_t number) {
  switch (type) {
    case ParamType::sint:
      writer.sint(-static_cast<std::int64_t>(number * number * number * 1000));
      return;
    case ParamType::uint:
      writer.uint(number * number * number * 1000);
      return;
    case ParamType::boolean:
      writer.boolean(number % 2 != 0);
      return;
    case ParamType::string:
      writer.text(std::string(number * 11, 'x') + (number % 3 == 0 ? "\xFF" : "é"));
      return;
    case ParamType::any:
      writer.map(1).text("nested").array(2).sint(1).nil();
      return;
    default:
      FAIL("no built-in event has this type; its values belong here when one does");
  }
}

/// An event with every parameter, or only with those that cannot be left out; with a value in each, or with
/// nil wherever it may be.
std::string sample_of(const CatalogueEvent& event, bool optionals, bool nils) {
  std::size_t count = 0;
  for (const CatalogueParam& param : event.params) count += optionals || !param.optional ? 1 : 0;
  return params_of(count, [&](Writer& writer) {
    for (std::size_t i = 0; i < event.params.size(); ++i) {
      const CatalogueParam& param = event.params[i];
      if (param.optional && !optionals) continue;
      writer.text(param.name);
      if (nils && param.nullable) {
        writer.nil();
      } else {
        put_value(writer, param.type, i + 1);
      }
    }
  });
}

template <typename Event>
void comes_back(const CatalogueEvent& described) {
  INFO(described.name);
  REQUIRE(Event::param_names.size() == described.params.size());
  for (std::size_t i = 0; i < described.params.size(); ++i) {
    CHECK(Event::param_names[i] == described.params[i].name);
  }
  for (const bool optionals : {false, true}) {
    for (const bool nils : {false, true}) {
      const std::string params = sample_of(described, optionals, nils);
      Event event;
      REQUIRE(Event::decode(params, event));
      CHECK(encoded(event) == params);
      CHECK(zevi::Catalogue::check(described, params));
    }
  }
}

template <typename... Events>
void all_come_back(const zevi::Catalogue& catalogue) {
  std::set<std::string_view> topics{Events::topic...};
  CHECK(topics.size() == catalogue.events().size());
  for (const auto topic : topics) REQUIRE(catalogue.find(topic) != nullptr);
  (comes_back<Events>(*catalogue.find(Events::topic)), ...);
}

}  // namespace

TEST_CASE("every struct of the catalogue brings back every parameter, absent ones and nils included") {
  using namespace zevi;
  Catalogue catalogue;
  catalogue.add_opensips_modules();
  all_come_back<
      E_CORE_THRESHOLD, E_CORE_PKG_THRESHOLD, E_CORE_SHM_THRESHOLD, E_CORE_PROC_AUTO_SCALE,
      E_CORE_TCP_DISCONNECT, E_CORE_SR_STATUS_CHANGED, E_CORE_LOG, E_PROFILING_PROC, E_PROFILING_SCRIPT,
      E_DM_REQUEST, E_ACC_CDR, E_ACC_EVENT, E_ACC_MISSED_EVENT, E_UA_SESSION, E_CALLCENTER_AGENT_REPORT,
      E_CALL_TRANSFER, E_CALL_HOLD, E_CLUSTERER_REQ_RECEIVED, E_CLUSTERER_RPL_RECEIVED,
      E_CLUSTERER_NODE_STATE_CHANGED, E_CLUSTERER_SHARING_TAG_CHANGED, E_MYSQL_CONNECTION,
      E_DLG_STATE_CHANGED, E_DISPATCHER_STATUS, E_DROUTING_STATUS, E_FLATSTORE_ROTATION, E_FRD_WARNING,
      E_FRD_CRITICAL, E_FREESWITCH, E_HTTP2_REQUEST, E_JANUS_EVENT, E_LOAD_BALANCER_STATUS,
      E_MSRP_GW_SETUP_FAILED, E_MSRP_SESSION_NEW, E_MSRP_SESSION_END, E_MSRP_MSG_RECEIVED,
      E_MSRP_REPORT_RECEIVED, E_PIKE_BLOCKED, E_PRESENCE_PUBLISH, E_PRESENCE_EXPOSED, E_QROUTING_BAD_DST,
      E_RTPENGINE_NOTIFICATION, E_RTPENGINE_STATUS, E_RTPPROXY_STATUS, E_RTPPROXY_DTMF, E_SIPREC_START,
      E_SIPREC_STOP, E_REGISTRANT_REGISTERING, E_REGISTRANT_AUTHENTICATING, E_REGISTRANT_REGISTERED,
      E_REGISTRANT_REGISTER_TIMEOUT, E_REGISTRANT_INTERNAL_ERROR, E_REGISTRANT_WRONG_CREDENTIALS,
      E_REGISTRANT_REGISTRAR_ERROR, E_REGISTRANT_UNREGISTERING, E_REGISTRANT_AUTHENTICATING_UNREGISTER,
      E_UL_AOR_INSERT, E_UL_AOR_DELETE, E_UL_CONTACT_INSERT, E_UL_CONTACT_UPDATE, E_UL_CONTACT_DELETE,
      E_UL_LATENCY_UPDATE, E_UL_CONTACT_REFRESH, E_ZEVI_PUBLISHER_UP, E_ZEVI_PUBLISHER_DOWN, E_ZEVI_DROPPED,
      E_ZEVI_INVALID, E_ZEVI_STORE, E_ZEVI_OVERLOAD>(catalogue);
}
