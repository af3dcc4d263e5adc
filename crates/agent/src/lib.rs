//! Who answers: the guide and models behind an API
