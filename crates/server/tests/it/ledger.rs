//! The ledger through time, as the API tells it.

use serde_json::{Value, json};

use crate::documents::FLEET;
use crate::support::Running;

/// Three steps: the fleet, another title, and a cluster that moves to another ring.
async fn running() -> Running {
    let running = Running::new().await;
    running.publish(FLEET).await;
    let titled = FLEET.replace("title: Dogs", "title: Cats");
    running.publish(&titled).await;
    running.publish(&titled.replace("floor: 12", "floor: 13")).await;
    running
}

fn numbers(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap().iter();
    items.map(|step| step["metadata"]["name"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_are_told_newest_first_and_one_by_one() {
    let running = running().await;
    let (_, first) = running.get("/api/v1/steps?limit=2").await;
    assert_eq!((numbers(&first), &first["total"]), (vec!["3", "2"], &json!(3)));
    let next = first["continue"].as_str().unwrap();
    let (_, rest) = running.get(&format!("/api/v1/steps?limit=2&continue={next}")).await;
    assert_eq!((numbers(&rest), &rest["continue"]), (vec!["1"], &Value::Null));
    let (_, step) = running.get("/api/v1/steps/2").await;
    let mut clusters: Vec<&str> = step["clusters"]["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["cluster"].as_str().unwrap())
        .collect();
    clusters.sort_unstable();
    // Nothing is released to `west-1` until it can be rendered whole.
    assert_eq!(clusters, ["east-1", "east-2"]);
    assert_eq!(step["clusters"]["items"][0]["updated"], json!(["dogs"]));
    let (_, step) = running.get("/api/v1/steps/3").await;
    assert_eq!(
        step["clusters"]["items"],
        json!([{"cluster": "east-2", "added": [], "updated": ["till"], "removed": [], "other": []}])
    );
    for missing in ["0", "4", "x", "99999999999"] {
        assert_eq!(running.get(&format!("/api/v1/steps/{missing}")).await.0, 404, "{missing}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_and_an_application_have_a_history() {
    let running = running().await;
    let (_, cluster) = running.get("/api/v1/clusters/east-2/history").await;
    assert_eq!(numbers(&cluster), ["3", "2", "1"]);
    assert_eq!(cluster["items"][0]["status"]["updated"], json!(["till"]));
    assert_eq!(cluster["items"][2]["status"]["other"], json!(["joined the fleet"]));
    let (_, application) = running.get("/api/v1/applications/till/history").await;
    assert_eq!(numbers(&application), ["3", "1"]);
    let token = running.token("pets", "token:pets").await;
    let (_, seen) = running.get_as("/api/v1/clusters/east-2/history", &token).await;
    assert_eq!(numbers(&seen), ["2", "1"], "the till is not theirs");
    let (status, _) = running.get_as("/api/v1/clusters/west-1/history", &token).await;
    assert_eq!(status, 404);
    let (_, step) = running.get_as("/api/v1/steps/3", &token).await;
    assert_eq!(step["clusters"]["items"], json!([]));
    let stranger = running.token("other", "token:other").await;
    assert_eq!(running.get_as("/api/v1/steps", &stranger).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cell_names_the_edit_that_gave_it_its_tree() {
    let running = running().await;
    let (status, dogs) = running.get("/api/v1/bindings/dogs/east-1/blame").await;
    assert_eq!(status, 200, "{dogs}");
    assert_eq!(dogs["step"]["metadata"]["name"], "2");
    let edit = json!([{
        "subject": "`title` of the application",
        "file": "inventory/pets.yaml",
        "line": 9,
        "before": "Dogs",
        "after": "Cats",
    }]);
    assert_eq!(dogs["edits"], edit);
    assert_eq!(dogs["source"]["commit"], dogs["step"]["status"]["sourceCommit"]);
    let (_, till) = running.get("/api/v1/bindings/till/east-2/blame").await;
    assert_eq!(till["step"]["metadata"]["name"], "3");
    assert_eq!(till["edits"][0]["file"], "inventory/clusters.yaml");
    let (_, before) = running.get("/api/v1/bindings/till/east-2/blame?asOf=2").await;
    assert_eq!(before["step"]["metadata"]["name"], "1");
    assert!(before["unknown"].as_str().unwrap().contains("first step"));
    assert_eq!(running.get("/api/v1/bindings/till/east-1/blame").await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ran_at_an_earlier_moment_is_told_from_the_ledger() {
    let running = running().await;
    let (_, now) = running.get("/api/v1/clusters/east-2/released").await;
    let (_, then) = running.get("/api/v1/clusters/east-2/released?asOf=2").await;
    assert_eq!(
        (&now["step"]["metadata"]["name"], &then["step"]["metadata"]["name"]),
        (&json!("3"), &json!("2"))
    );
    let released =
        |past: &Value, index: usize| past["bindings"][index]["status"]["released"].clone();
    assert_eq!(released(&now, 0), released(&then, 0), "dogs stayed as they were");
    assert_eq!(released(&now, 1)["generation"], 3);
    assert_eq!(released(&then, 1)["generation"], 1);
    let at = then["step"]["status"]["time"].as_str().unwrap();
    let (status, timed) = running.get(&format!("/api/v1/clusters/east-2/released?asOf={at}")).await;
    assert_eq!(status, 200, "{timed}");
    let early = "/api/v1/clusters/east-2/released?asOf=2020-01-01T00:00:00Z";
    assert_eq!(running.get(early).await.0, 404);
    assert_eq!(running.get("/api/v1/clusters/east-2/released?asOf=tuesday").await.0, 400);
    let token = running.token("pets", "token:pets").await;
    let (_, seen) = running.get_as("/api/v1/clusters/east-2/released", &token).await;
    assert_eq!(seen["bindings"].as_array().unwrap().len(), 1);
}
