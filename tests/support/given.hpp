#pragma once

#include <utility>

namespace carillon::test {

/// Given / when / then for a model: facts are applied in order, then it is asked, then the answer
/// is looked at. `given<rate_limiter_model>(model).fact(..).fact(..).when([](auto& m) { return
/// m.x(); })`.
template <class Model>
class given {
public:
  template <class... Args>
  explicit given(Args&&... args) : model_(std::forward<Args>(args)...) {}

  /// Applies a fact, in the model's own form.
  template <class... Fact>
  given& fact(Fact&&... fact) {
    model_.apply(std::forward<Fact>(fact)...);
    return *this;
  }

  /// Asks; the answer is for the test's assertions.
  template <class Question>
  decltype(auto) when(Question&& question) {
    return std::forward<Question>(question)(model_);
  }

  Model& model() {
    return model_;
  }

private:
  Model model_;
};

} // namespace carillon::test
