//! The debrief over HTTP: closed before the answers are open, each team its own, one repair once.

use axum::{
    Router,
    body::{Body, to_bytes},
};
use http::{Request, Response, StatusCode, header};
use tower::ServiceExt;

use crate::{
    Room, RoomOptions,
    debrief::sample::Sample,
    session::{Phase, Session},
    store::Store,
};

/// Far more than any page has.
const BYTES_MAX: usize = 16 * 1_024 * 1_024;

const TEAM_ADDRESSES: [&str; 7] = [
    "/api/team/debrief/results/1",
    "/team/debrief",
    "/api/team/debrief/news",
    "/api/team/debrief/records/1",
    "/api/team/debrief/reviews/1",
    "/api/team/debrief/rounds.csv",
    "/api/team/debrief/visits.csv",
];

async fn opened(folder: &std::path::Path, phase: Phase) -> (Room, Router) {
    let Sample { session, records } = Sample::new();
    let store = Store::open(folder).unwrap();
    store.save(&Session { phase, ..session }).unwrap();
    for ((team, round), kept) in &records {
        store.save_record(*team, *round, &kept.record).unwrap();
    }
    let options = RoomOptions {
        teams: 2,
        seed: 1,
        folder: folder.to_owned(),
        address: ([127, 0, 0, 1], 0).into(),
        facilitator_token: None,
        seen: std::collections::BTreeSet::new(),
        fresh: false,
        views: 1.0,
        pages: None,
    };
    let room = Room::open(options).await.unwrap();
    (room.clone(), crate::router(room))
}

async fn asked(router: &Router, method: &str, path: &str, token: &str, body: Option<&str>) -> Response<Body> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(body.map_or_else(Body::empty, |body| Body::from(body.to_owned())))
        .unwrap();
    router.clone().oneshot(request).await.unwrap()
}

async fn text(response: Response<Body>) -> String {
    let bytes = to_bytes(response.into_body(), BYTES_MAX).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn before_the_answers_are_open_teams_find_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (_room, router) = opened(folder.path(), Phase::Over).await;
    for path in TEAM_ADDRESSES.into_iter().chain(["/api/team/debrief/all.zip"]) {
        let response = asked(&router, "GET", path, "t1", None).await;
        assert_eq!(response.status(), StatusCode::CONFLICT, "{path}");
        let said = text(response).await.to_lowercase();
        for word in ["special-character", "fault", "promo-banner", "glyphfall"] {
            assert!(!said.contains(word), "{path} says {word}: {said}");
        }
    }
    let spent =
        asked(&router, "POST", "/api/team/repair", "t1", Some(r#"{"repair":"missing-health-check"}"#)).await;
    assert_eq!(spent.status(), StatusCode::CONFLICT);
    // The facilitator may look ahead, and nothing is computed yet.
    let desk = asked(&router, "GET", "/desk/debrief", "f", None).await;
    assert_eq!(desk.status(), StatusCode::OK);
    assert!(text(desk).await.contains("not open to the teams yet"));
    let news = asked(&router, "GET", "/api/desk/debrief/news", "f", None).await;
    assert!(text(news).await.contains("\"of\":0"));
}

#[tokio::test]
async fn each_team_reads_its_own_and_the_facilitator_all() {
    let folder = tempfile::tempdir().unwrap();
    let (_room, router) = opened(folder.path(), Phase::Debrief).await;
    for path in TEAM_ADDRESSES {
        let response = asked(&router, "GET", path, "t1", None).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert!(!asked(&router, "GET", path, "nobody", None).await.status().is_success(), "{path}");
        let said = text(response).await;
        assert!(!said.contains("Team <2>") && !said.contains("Team &#60;2&#62;"), "{path}");
    }
    for path in ["/desk/debrief", "/desk/debrief/teams/2", "/api/desk/debrief/teams/2/records/1"] {
        assert_eq!(asked(&router, "GET", path, "f", None).await.status(), StatusCode::OK, "{path}");
        assert!(!asked(&router, "GET", path, "t1", None).await.status().is_success(), "{path}");
    }
    let record = text(asked(&router, "GET", "/api/team/debrief/records/1", "t2", None).await).await;
    assert!(
        incident::IncidentRecord::from_json(&record).unwrap().run.team.is_some_and(|team| team.contains('2'))
    );
    let review = asked(&router, "GET", "/api/desk/debrief/teams/1/reviews/1", "f", None).await;
    assert!(
        review.headers()[header::CONTENT_DISPOSITION].to_str().unwrap().contains("team-1-round-1-review.md")
    );
    for (path, token, has_other) in
        [("/api/team/debrief/all.zip", "t1", false), ("/api/desk/debrief/all.zip", "f", true)]
    {
        let all = asked(&router, "GET", path, token, None).await;
        let all = to_bytes(all.into_body(), BYTES_MAX).await.unwrap();
        let archive = zip::ZipArchive::new(std::io::Cursor::new(all)).unwrap();
        let names: Vec<_> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
        for name in ["rounds.csv", "visits.csv", "team-1-round-1.json", "team-1-round-1-review.md"] {
            assert!(names.iter().any(|known| known == name), "{path}: {names:?}");
        }
        assert_eq!(names.iter().any(|name| name.starts_with("team-2")), has_other, "{path}: {names:?}");
    }
    let missing = asked(&router, "GET", "/api/team/debrief/records/7", "t1", None).await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    assert_eq!(
        asked(&router, "GET", "/desk/debrief/teams/9", "f", None).await.status(),
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn the_debrief_gives_the_answer_and_the_points_by_part() {
    let folder = tempfile::tempdir().unwrap();
    let (_room, router) = opened(folder.path(), Phase::Debrief).await;
    let result = text(asked(&router, "GET", "/api/team/debrief/results/1", "t1", None).await).await;
    let result: serde_json::Value = serde_json::from_str(&result).unwrap();
    let points = result["points"].as_array().unwrap();
    let sum = |of: &str| points.iter().map(|part| part[of].as_f64().unwrap()).sum::<f64>();
    assert!((sum("of") - 10.0).abs() < 1e-9, "{result}");
    assert!((sum("got") / 10.0 - result["score"].as_f64().unwrap()).abs() < 1e-3, "{result}");
    assert!(result["facts"].as_array().unwrap().iter().any(|fact| fact["fact"]["Asset"] == "promo-banner"));
}

#[tokio::test]
async fn the_review_blames_no_fault_that_slept_and_no_remedy_that_was_needed() {
    let folder = tempfile::tempdir().unwrap();
    let (_room, router) = opened(folder.path(), Phase::Debrief).await;
    let review = text(asked(&router, "GET", "/api/team/debrief/reviews/1", "t1", None).await).await;
    assert!(review.contains("works only together with: restart the cache"), "{review}");
    assert!(!review.contains("in 0 s"), "{review}");
}

#[tokio::test]
async fn a_repair_is_spent_once_by_each_team_in_each_round() {
    let folder = tempfile::tempdir().unwrap();
    let (room, router) = opened(folder.path(), Phase::Debrief).await;
    let spend = async |token: &str, body: &str| {
        asked(&router, "POST", "/api/team/repair", token, Some(body)).await.status()
    };
    assert_eq!(spend("t1", r#"{"repair":"slow-storage"}"#).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(spend("t1", r#"{"repair":"missing-health-check","round":0}"#).await, StatusCode::NOT_FOUND);
    assert_eq!(spend("t1", r#"{"repair":"missing-health-check"}"#).await, StatusCode::OK);
    assert_eq!(spend("t1", r#"{"repair":"invalid-rendering"}"#).await, StatusCode::CONFLICT);
    let repair = |team: u32| room.read(|session| session.team(team).unwrap().played[1].repair.clone());
    assert_eq!((repair(1).as_deref(), repair(2)), (Some("missing-health-check"), None));
    // A page that was made before has news now.
    let stamp = text(asked(&router, "GET", "/api/team/debrief/news", "t1", None).await).await;
    assert!(stamp.contains("-1\""), "{stamp}");
}
