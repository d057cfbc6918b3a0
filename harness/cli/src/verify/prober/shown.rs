//! Tries how a page renders text: an asset that customers see holds markup for a moment. Teaches that content which is safe in one context
//! is not safe in the next, and that a trial on a page that customers see needs explicit consent.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use chassis::{LatentFault::InvalidRendering, Wait};
use http::StatusCode;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{LOOK_EVERY, Prober, STORE_TIMEOUT};
use crate::verify::finding::Finding;

/// How long a cache may serve an outdated fragment after its notification: longer than a fragment stays fresh.
const SHOWN_WITHIN: Duration = Duration::from_secs(20);

/// Published after the probe's name. A page that takes text for HTML renders it as an element.
const MARKUP: &str = "<i>and</i>";

impl Prober {
    /// Checks that the home page escapes the text of `asset`.
    pub(super) async fn shown(&self, asset: &str) -> anyhow::Result<Finding> {
        let text = self.text_of(asset).await?.with_context(|| {
            format!("there is no asset '{asset}' to show: name one that the home page shows with --shown")
        })?;
        *self.earlier.lock() = Some((asset.to_owned(), text));
        let probe = self.text_shown();
        let status = self.publish_as(asset, probe.as_bytes()).await?.status;
        if status.is_client_error() {
            return Ok(Finding::repaired(
                InvalidRendering,
                "No page can show markup: the content store refuses it.",
            ));
        }
        let (began, mark) = (Instant::now(), self.asset());
        while began.elapsed() < SHOWN_WITHIN {
            let page = self.front.get("/", Wait::AtMost(STORE_TIMEOUT)).await?;
            let page = String::from_utf8_lossy(&page.body).into_owned();
            if page.contains(&probe) {
                let found = format!(
                    "The home page takes the text of {asset} for HTML: what an editor writes becomes markup."
                );
                return Ok(Finding::present(InvalidRendering, found));
            }
            if page.contains(mark) {
                let found = format!("The home page writes the text of {asset} as text.");
                return Ok(Finding::repaired(InvalidRendering, found));
            }
            sleep(LOOK_EVERY).await;
        }
        bail!(
            "the home page did not show a new text of '{asset}' within {SHOWN_WITHIN:?}: name an asset that it shows with --shown"
        )
    }

    /// Restores the asset's earlier text, unless somebody else has published another since.
    pub(super) async fn show_earlier(&self) -> anyhow::Result<()> {
        let Some((asset, text)) = self.earlier.lock().take() else { return Ok(()) };
        let told = || format!("{asset} could not be given its earlier text: roll it back by hand");
        if self.text_of(&asset).await.with_context(told)?.as_deref() == Some(&self.text_shown()) {
            let status = self.publish_as(&asset, text.as_bytes()).await.with_context(told)?.status;
            ensure!(status.is_success(), "{} (the content store answered {status})", told());
        }
        Ok(())
    }

    fn text_shown(&self) -> String {
        format!("{} {MARKUP}", self.asset)
    }

    async fn text_of(&self, asset: &str) -> anyhow::Result<Option<String>> {
        let answer = self.store.get(&format!("/assets/{asset}"), Wait::AtMost(STORE_TIMEOUT)).await?;
        if answer.status != StatusCode::OK {
            return Ok(None);
        }
        let envelope: Value = serde_json::from_slice(&answer.body)?;
        Ok(envelope["body"].as_str().map(str::to_owned))
    }
}
