#pragma once

#include "messages/ids.hpp"

#include <absl/container/node_hash_map.h>

#include <cstddef>

namespace carillon {

/// State per recipient of a partition. Two levels, so that a tenant's name is not stored with each
/// of its recipients. Entries stay where they are; a free place costs a pointer and not an entry.
template <class T>
class recipient_map {
public:
  T* find(const tenant_id& tenant, const recipient_id& recipient) {
    auto t = tenants_.find(tenant);
    if (t == tenants_.end())
      return nullptr;
    auto i = t->second.find(recipient);
    return i == t->second.end() ? nullptr : &i->second;
  }

  const T* find(const tenant_id& tenant, const recipient_id& recipient) const {
    return const_cast<recipient_map*>(this)->find(tenant, recipient);
  }

  T& get(const tenant_id& tenant, const recipient_id& recipient) {
    auto [i, fresh] = tenants_[tenant].try_emplace(recipient);
    size_ += fresh ? 1 : 0;
    return i->second;
  }

  void erase(const tenant_id& tenant, const recipient_id& recipient) {
    if (auto t = tenants_.find(tenant); t != tenants_.end())
      size_ -= t->second.erase(recipient);
  }

  /// An entry with its names; all three stay where they are until it is erased.
  struct node {
    const tenant_id* tenant = nullptr;
    const recipient_id* recipient = nullptr;
    T* value = nullptr;
  };

  /// The entry is there.
  node node_of(const tenant_id& tenant, const recipient_id& recipient) {
    auto t = tenants_.find(tenant);
    auto i = t->second.find(recipient);
    return {&t->first, &i->first, &i->second};
  }

  template <class F>
  void each_node(F visit) {
    for (auto& [tenant, recipients] : tenants_)
      for (auto& [recipient, value] : recipients)
        visit(node{&tenant, &recipient, &value});
  }

  [[nodiscard]] std::size_t size() const noexcept {
    return size_;
  }

  /// Drops every entry for which `done(entry)`.
  template <class F>
  void prune(F done) {
    for (auto& [tenant, recipients] : tenants_)
      size_ -= absl::erase_if(recipients, [&](auto& entry) { return done(entry.second); });
  }

  template <class F>
  void for_each(F visit) const {
    for (const auto& [tenant, recipients] : tenants_)
      for (const auto& [recipient, value] : recipients)
        visit(tenant, recipient, value);
  }

private:
  absl::node_hash_map<tenant_id, absl::node_hash_map<recipient_id, T>> tenants_;
  std::size_t size_ = 0;
};

} // namespace carillon
