#include "actors/catalog/import.hpp"
#include "actors/renderer/compiled_template.hpp"
#include "actors/renderer/renderer.hpp"
#include "actors/rules/rules.hpp"
#include "tests/support/actor_world.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace carillon;
using carillon::test::monday;
using nlohmann::json;

namespace {

/// The catalogue that comes with the project, as a fresh node imports it.
tenant_catalogue_ptr load_samples() {
  const tenant_id tenant{"default"};
  catalogue_model model;
  std::vector<std::string> complaints;
  auto files = read_catalogue("config/catalogue", complaints);
  auto found = import_catalogue(tenant, model.of(tenant), files, {});
  auto unreadable = model.apply(found.rows);
  CHECK(complaints.empty());
  CHECK(found.complaints.empty());
  CHECK(unreadable.empty());
  return model.of(tenant).current;
}

} // namespace

namespace {

/// All fields that any sample rule asks for.
const json sample_data = {{"patientId", "p-1"},
                          {"customerId", "p-1"},
                          {"memberId", "p-1"},
                          {"ownerId", "p-1"},
                          {"staffId", "p-1"},
                          {"recipientId", "p-1"},
                          {"patientIds", {"p-1", "p-2"}},
                          {"fromStaffId", "s-1"},
                          {"toStaffId", "s-2"},
                          {"appointmentId", 1},
                          {"slotId", 1},
                          {"treatmentId", 1},
                          {"installmentId", 1},
                          {"bookingId", 1},
                          {"batchId", 1},
                          {"maintenanceId", 1},
                          {"policyId", 1},
                          {"contractId", 1},
                          {"formId", 1},
                          {"startsAt", "2027-01-20T15:00:00Z"},
                          {"dueAt", "2027-01-20T15:00:00Z"},
                          {"expiresAt", "2027-01-20T15:00:00Z"},
                          {"depositDueAt", "2027-01-10T15:00:00Z"},
                          {"pickupAt", "2027-01-20T15:00:00Z"},
                          {"returnAt", "2027-01-22T15:00:00Z"},
                          {"closedAt", "2027-01-20T15:00:00Z"},
                          {"amount", "$40.00"},
                          {"credits", 3},
                          {"item", "gloves"},
                          {"quantity", 2},
                          {"room", "4"},
                          {"time", "15:00"},
                          {"waiting", 5},
                          {"minutes", 20},
                          {"system", "calendar"},
                          {"asset", "van 3"},
                          {"contract", "C-7"},
                          {"vehicle", "the van"},
                          {"note", "We open again on Monday."},
                          {"reviewUrl", "https://example.com/r"},
                          {"diagnosis", "SECRET"},
                          {"service", "SECRET"},
                          {"treatment", "SECRET"}};

std::size_t expected_items(const rule& r) {
  std::size_t n = 0;
  for (const auto& x : r.notifications) {
    const auto& paths = x.recipient.paths;
    n += paths == std::vector<std::string>{"data.patientIds"} || paths.size() == 2 ? 2 : 1;
  }
  return n;
}

} // namespace

TEST_CASE(
    "every sample rule plans all its notifications, with a text on every channel and locale") {
  auto samples = load_samples();
  REQUIRE(samples->rules.size() >= 30);
  for (const auto& [name, r] : samples->rules) {
    INFO(name);
    event e;
    e.type = r->event;
    e.data = std::make_shared<const json>(sample_data);
    auto m = match(*samples, e, monday);
    CHECK(m.items.size() == expected_items(*r));
    for (const auto& s : m.skipped)
      FAIL_CHECK(s.type << " " << s.why);
    for (const auto& item : m.items)
      for (const char* locale : {"en", "es-MX"}) {
        INFO(item.type << " " << locale);
        delivery_context c;
        profile who;
        who.locale = locale;
        c.who = std::make_shared<const profile>(who);
        c.data = e.data;
        c.by_template = find_template(*samples, item.template_name, item.template_version);
        REQUIRE(c.by_template);
        auto texts = preview(c, recipient_id{"p-1"});
        for (const auto& step : item.steps) {
          auto body = texts[std::string{to_string(step.on)}];
          CHECK_FALSE(body.is_null());
          CHECK_FALSE(body.contains("error"));
          CHECK(body.dump().find("SECRET") == std::string::npos);
          CHECK(body.dump().find("{{") == std::string::npos);
        }
        CHECK(texts["sms"]["segments"].get<int>() <= 2);
      }
  }
}

TEST_CASE("the sample catalogue covers the built-in events") {
  auto samples = load_samples();
  for (const char* type : {"appointment.created",
                           "appointment.rescheduled",
                           "appointment.cancelled",
                           "appointment.completed",
                           "appointment.no_show",
                           "appointment.reminder_due",
                           "waitlist.slot_available",
                           "treatment.completed",
                           "payment.received",
                           "payment.failed",
                           "payment.installment_due",
                           "membership.credits_added",
                           "membership.credits_expiring",
                           "inventory.low_stock",
                           "message.received",
                           "booking.created",
                           "maintenance.scheduled",
                           "insurance.expiring",
                           "contract.expiring",
                           "form.assigned",
                           "clinic.closure",
                           "room.ready",
                           "patient.checked_in",
                           "queue.wait_exceeded",
                           "appointment.reassigned",
                           "integration.sync_error"}) {
    INFO(type);
    CHECK(samples->rules_by_event.contains(type));
  }
}

TEST_CASE("a booked appointment is confirmed and reminded of, and a cancellation takes it back") {
  auto samples = load_samples();
  event e;
  e.type = "appointment.created";
  e.data
      = std::make_shared<const json>(json{{"patientId", "p-1"},
                                          {"appointmentId", "a-7"},
                                          {"startsAt", "2026-11-24T15:00:00Z"}}); // 30 hours ahead
  auto m = match(*samples, e, monday);
  std::vector<std::string> types;
  for (const auto& item : m.items)
    types.push_back(item.type);
  CHECK(types
        == std::vector<std::string>{"appointment_confirmation", "appointment_reminder_24h",
                                    "appointment_reminder_2h"});
  CHECK(m.items[1].correlation_key == "appointment:a-7");
  e.type = "appointment.cancelled";
  CHECK(match(*samples, e, monday).cancels == std::vector<std::string>{"appointment:a-7"});
  e.type = "appointment.rescheduled";
  CHECK(match(*samples, e, monday).reschedules == std::vector<std::string>{"appointment:a-7"});
}
