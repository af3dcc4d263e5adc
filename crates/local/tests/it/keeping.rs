//! Models that are here: used, listed, removed.

use std::fs;
use std::path::Path;

use q_local::models::ModelDirectory;
use q_testkit::gguf::GgufFile;

use crate::support::World;

#[test]
fn a_file_anywhere_is_used_listed_and_forgotten_but_not_removed() {
    let world = World::new();
    let models = ModelDirectory::new(world.root.path().join("models"));
    assert!(models.list().unwrap().is_empty());
    let used = models.use_model("./small.gguf", world.root.path()).unwrap();
    assert_eq!(used.name, "small");
    assert_eq!(models.in_use().as_deref(), Some(used.path.as_path()));
    let listed = models.list().unwrap();
    assert_eq!((listed.len(), listed[0].in_use, listed[0].origin.licence.as_ref()), (1, true, None));
    models.remove("./small.gguf", world.root.path()).unwrap();
    assert!(world.model.exists() && models.in_use().is_none());
    let told = models.remove("./small.gguf", world.root.path()).unwrap_err().to_string();
    assert!(told.contains("not q's to remove"), "{told}");
}

#[test]
fn what_was_kept_is_used_by_name_and_removed() {
    let world = World::new();
    let models = ModelDirectory::new(world.root.path().join("models"));
    let told = models.use_model("small", Path::new("/")).unwrap_err().to_string();
    assert!(told.contains("no model `small`"), "{told}");
    fs::create_dir(world.root.path().join("models")).unwrap();
    GgufFile::small().write(&models.file("small")).unwrap();
    models.use_model("small", Path::new("/")).unwrap();
    models.remove("small", Path::new("/")).unwrap();
    assert!(models.in_use().is_none() && models.list().unwrap().is_empty());
}

#[test]
fn a_file_that_is_no_model_is_not_used() {
    let world = World::new();
    let models = ModelDirectory::new(world.root.path().join("models"));
    fs::write(&world.model, "hello").unwrap();
    let told = models.use_model("./small.gguf", world.root.path()).unwrap_err().to_string();
    assert!(told.contains("does not begin"), "{told}");
    assert!(models.in_use().is_none());
}
