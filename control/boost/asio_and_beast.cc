// SPDX-License-Identifier: BSD-3-Clause
// What of Boost.Asio and Boost.Beast is no template, compiled once instead of in every file that reads their headers
// (meson.build here tells those).
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
