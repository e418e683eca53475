// SPDX-License-Identifier: BSD-3-Clause
// Most hellos are complete in one packet and never see the store.
#include "dataplane/classify/host_reader.h"

#include <algorithm>

#include "dataplane/classify/extract_http.h"
#include "dataplane/classify/extract_tls.h"

namespace wirewatch {
namespace {

constexpr uint8_t kPatienceForHello = 24;  // packets of the flow, both directions

/// Text for people: what is not printable ASCII becomes a question mark.
template <size_t N>
std::string_view printable_copy(std::span<const uint8_t> text, std::array<char, N>& into) noexcept {
  const size_t size = std::min(text.size(), N);
  std::transform(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size), into.begin(),
                 [](uint8_t c) { return c >= 0x20 && c < 0x7f ? static_cast<char>(c) : '?'; });
  return {into.data(), size};
}

}  // namespace

std::string_view HostReader::read(Extractor extractor, std::span<const uint8_t> payload) noexcept {
  HelloWait wait{};
  begin();
  read(extractor, {.bytes = payload}, wait);
  give_up(wait);
  return names_.host;
}

void HostReader::read(Extractor extractor, const SentBytes& sent, HelloWait& wait) noexcept {
  switch (extractor) {
    case Extractor::None:
      return;
    case Extractor::HttpHost:
      return read_http(sent.bytes);
    case Extractor::TlsSni:
      if (!take_tls(sent.bytes)) wait_for_rest(extractor, sent, wait);
      return;
    case Extractor::QuicSni:
      wait_for_rest(extractor, sent, wait);
      return;
  }
}

void HostReader::read_http(std::span<const uint8_t> request) noexcept {
  const HttpFields fields = http_fields(request);
  names_.host = host_.assign(fields.host);
  names_.host_source = HostSource::Http;
  names_.user_agent = printable_copy(fields.user_agent, user_agent_);
}

void HostReader::take(const ClientHelloFields& fields, HelloTransport transport) noexcept {
  if (!fields.server_name.empty()) names_.host = host_.assign(fields.server_name);
  names_.host_source = transport == HelloTransport::Quic ? HostSource::Quic : HostSource::Sni;
  names_.encrypted_hello = fields.encrypted_hello;
  if (!fields.alpn.empty() && fields.alpn[0] < fields.alpn.size()) {
    names_.alpn = printable_copy(fields.alpn.subspan(1, fields.alpn[0]), alpn_);
  }
  names_.ja4 = ja4_.of(fields, transport);
}

bool HostReader::take_tls(std::span<const uint8_t> stream) noexcept {
  const HelloInRecords hello = hello_in_records(stream, message_);
  if (hello.message.empty()) return true;  // something else: nothing to wait for
  const ClientHelloFields fields = read_client_hello(hello.message);
  take(fields, HelloTransport::Tls);
  return hello.whole;
}

bool HostReader::take_quic(std::span<const uint8_t> message) noexcept {
  const ClientHelloFields fields = read_client_hello(message);
  take(fields, HelloTransport::Quic);
  return fields.complete;
}

/// A QUIC datagram is opened even if nothing is awaited yet; the place is opened only when something is.
void HostReader::wait_for_rest(Extractor extractor, const SentBytes& sent, HelloWait& wait) noexcept {
  std::optional<quic::InitialKeys> keys;
  if (extractor == Extractor::QuicSni) {
    datagram_hello_.clear();
    if (!quic_.gather(sent.bytes, keys, datagram_hello_)) return;
    if (take_quic(datagram_hello_.beginning())) return;
  }
  HelloPlace* place = store_.at(wait.ticket);
  if (place == nullptr) {
    wait = {store_.open(), extractor, sent.side, 0};
    place = store_.at(wait.ticket);
    place->begins = sent.sequence;
    place->has_sequence = sent.has_sequence;
  }
  wait.extractor = extractor;
  if (extractor == Extractor::QuicSni) {
    place->keys = keys;
    *place->bytes = datagram_hello_;
    return;
  }
  place->bytes->put(sent.has_sequence && place->has_sequence ? sent.sequence - place->begins : 0, sent.bytes);
  if (take_tls(place->bytes->beginning())) give_up(wait);  // the rest had come before
}

void HostReader::add(const SentBytes& sent, HelloPlace& place) noexcept {
  const size_t at = place.has_sequence && sent.has_sequence ? static_cast<size_t>(sent.sequence - place.begins)
                                                            : place.bytes->beginning().size();
  place.bytes->put(at, sent.bytes);
}

void HostReader::resume(const SentBytes& sent, HelloWait& wait) noexcept {
  HelloPlace* const place = store_.at(wait.ticket);
  if (place == nullptr || ++wait.packets > kPatienceForHello) return give_up(wait);
  if (sent.side != wait.side || wait.extractor == Extractor::None) return;
  bool complete = false;
  if (wait.extractor == Extractor::QuicSni) {
    if (!quic_.gather(sent.bytes, place->keys, *place->bytes)) return;
    complete = take_quic(place->bytes->beginning());
  } else {
    add(sent, *place);
    complete = take_tls(place->bytes->beginning());
  }
  if (complete || place->bytes->full()) give_up(wait);
}

void HostReader::keep_early(const SentBytes& sent, uint32_t stream_begins, HelloWait& wait) noexcept {
  if (wait.ticket.serial == 0) {
    wait = {store_.open(), Extractor::None, sent.side, 0};
    if (HelloPlace* const place = store_.at(wait.ticket)) {
      place->begins = stream_begins;
      place->has_sequence = true;
    }
  }
  if (HelloPlace* const place = store_.at(wait.ticket)) add(sent, *place);
}

void HostReader::give_up(HelloWait& wait) noexcept {
  store_.close(wait.ticket);
  wait = {};
}

}  // namespace wirewatch
