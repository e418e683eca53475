// SPDX-License-Identifier: BSD-3-Clause
// The bytes of places are not cleared in advance: memory that no hello ever needs is never touched.
#include "dataplane/classify/hello_store.h"

#include <atomic>

namespace wirewatch {
namespace {

/// Stores count from different numbers, so that a ticket of a classifier that is gone (new rules came) fits nowhere.
uint16_t first_serial() noexcept {
  static std::atomic<uint16_t> next{0};
  return next.fetch_add(1543, std::memory_order_relaxed);
}

}  // namespace

HelloStore::HelloStore(size_t places)
    : bytes_(std::make_unique_for_overwrite<HelloBytes[]>(places)), places_(places) {
  const uint16_t serial = first_serial();
  for (size_t i = 0; i < places; ++i) {
    places_[i].bytes = &bytes_[i];
    places_[i].serial = serial;
  }
}

HelloTicket HelloStore::open() noexcept {
  const size_t index = next_;
  next_ = next_ + 1 == places_.size() ? 0 : next_ + 1;
  HelloPlace& place = places_[index];
  if (place.open) ++taken_over_;
  place.open = true;
  place.serial = static_cast<uint16_t>(place.serial == 0xffff ? 1 : place.serial + 1);
  place.bytes->clear();
  place.keys.reset();
  place.has_sequence = false;
  return {static_cast<uint16_t>(index), place.serial};
}

HelloPlace* HelloStore::at(HelloTicket ticket) noexcept {
  if (ticket.serial == 0 || ticket.place >= places_.size()) return nullptr;
  HelloPlace& place = places_[ticket.place];
  return place.open && place.serial == ticket.serial ? &place : nullptr;
}

void HelloStore::close(HelloTicket& ticket) noexcept {
  if (HelloPlace* const place = at(ticket)) place->open = false;
  ticket = {};
}

}  // namespace wirewatch
