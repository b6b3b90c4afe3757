//! New overlays.

use insta::assert_snapshot;

use crate::fleets::FLEET;
use crate::sandbox::Sandbox;

#[test]
fn an_overlay_is_made_with_its_expression() {
    let sandbox = Sandbox::with(FLEET);
    let words = ["overlay", "web", "1.2.0", "--clusters", "/g/stores and not /c/west-1"];
    assert_snapshot!("overlay", sandbox.show_words(&words));
    let path = sandbox.path().join("apps/web/overlays/1.2.0/kustomization.yaml");
    assert_snapshot!("overlay_file", std::fs::read_to_string(path).unwrap());
}

#[test]
fn what_cannot_be_an_overlay_is_refused() {
    let sandbox = Sandbox::with(FLEET);
    let words = [
        "overlay web 1.1.0",
        "overlay web 2",
        "overlay wep 1.2.0",
        "overlay till 1.0.0",
        "overlay web 1.3.0 --clusters /c/nowhere",
    ];
    let shown: Vec<String> = words.iter().map(|words| sandbox.show(words)).collect();
    assert_snapshot!(shown.join("\n"));
    assert!(!sandbox.path().join("apps/web/overlays/1.3.0").exists());
}
