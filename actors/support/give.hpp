#pragma once

#include <caf/typed_response_promise.hpp>

#include <utility>

namespace carillon {

/// Delivers and gives nothing back, so that a handler can `return give(..)`.
template <class T, class Value>
void give(caf::typed_response_promise<T> promise, Value&& value) {
  promise.deliver(std::forward<Value>(value));
}

} // namespace carillon
