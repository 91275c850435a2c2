//! Questions that this server asks itself: about what it stands for by the name of a vendor.

use std::convert::Infallible;
use std::time::Instant;

use bytes::Bytes;
use cohong_core::error::BoxError;
use cohong_dialects::gate::{GateCx, OutBody};
use http::uri::Scheme;
use http::{Request, Response, Uri, header};
use http_body_util::{BodyExt, Empty};

use super::{Gateway, log};

impl Gateway {
    /// Whether this server stands for the host of a URL, on a port of the web.
    pub(crate) fn stands_for(&self, url: &Uri) -> bool {
        let (Some(local), Some(authority)) = (&self.local, url.authority()) else {
            return false;
        };
        let web = matches!(url.port_u16(), None | Some(80 | 443));
        web && !authority.as_str().contains('@') && local.authority.stands_for(authority.host())
    }

    /// The answer to a `GET` of a URL, unsigned but for what stands in it. It came from nowhere: no network that a
    /// policy names is where it came from.
    pub(crate) async fn ask(&self, url: Uri) -> Result<Response<OutBody>, BoxError> {
        let started = Instant::now();
        let secure = url.scheme() == Some(&Scheme::HTTPS);
        let host = url.host().unwrap_or_default().to_owned();
        let request = Request::get(url).header(header::HOST, host).body(())?;
        let (mut head, ()) = request.into_parts();
        let cx = GateCx {
            request_id: self.ids.draw(),
            peer: None,
            secure,
            tls: None,
        };
        self.dialects.look_up(&mut head).await;
        let dialect = self.dialects.of(&head).await.clone();
        let method = head.method.clone();
        let none = Empty::<Bytes>::new().map_err(|never: Infallible| match never {});
        let response = dialect.serve(head, none.boxed_unsync(), cx.clone()).await;
        log(&method, &cx, &response, started);
        Ok(response)
    }
}
